// Time: where the show stands, how fast it goes, and whether it goes at all.

export const SPEEDS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2];

export class Clock {
  time = 0; // seconds
  length = 0; // seconds
  rate = 25; // frames a second, for steps
  playing = false;
  loop = true;
  open = false; // more frames are still to come: at the end it waits for them
  speed = 1;

  /** How many frames there are to step through. */
  get frames() {
    return Math.max(1, Math.round(this.length * this.rate));
  }

  /** The frame that stands at the present time, from 0. */
  get frame() {
    return Math.min(this.frames - 1, Math.floor(this.time * this.rate + 1e-6));
  }

  set(length, rate) {
    Object.assign(this, { length, rate });
    this.time = Math.min(this.time, this.frames > 1 ? length : 0);
  }

  /** Let so many seconds of the viewer's time pass. */
  pass(seconds) {
    if (!this.playing) return;
    this.time += seconds * this.speed;
    if (this.time < this.length) return;
    if (this.open) this.time = this.length;
    else if (this.loop) this.time = this.length > 0 ? this.time % this.length : 0;
    else {
      this.playing = false;
      this.goTo(this.frames - 1);
    }
  }

  /** Stand at a frame exactly. */
  goTo(frame) {
    this.time = Math.max(0, Math.min(frame, this.frames - 1)) / this.rate;
  }

  /** Go frames onward or back, and stop there; from either end to the other where the clip loops. */
  step(frames) {
    this.playing = false;
    const wanted = this.frame + frames;
    const beyond = wanted < 0 || wanted >= this.frames;
    this.goTo(beyond && this.loop && Math.abs(frames) === 1 ? (wanted + this.frames) % this.frames : wanted);
  }

  /** Play, from the beginning where the end is reached, or pause. */
  toggle() {
    this.playing = !this.playing;
    if (this.playing && !this.loop && this.frame === this.frames - 1) this.time = 0;
    if (!this.playing) this.goTo(this.frame);
  }

  /** The next faster speed (+1) or slower one (-1). */
  changeSpeed(direction) {
    const index = SPEEDS.indexOf(this.speed) + direction;
    this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, index))];
  }
}
