// The stage: the player, which shows clips while they are being made, and again later.

export class Stage {
  /** `start`: what the server began the page with. `avatar`: bytes of a GLB, or null. */
  constructor(place, start, avatar, { language, dark }) {
    this.box = start.box;
    this.hasAvatar = Boolean(avatar);
    const person = avatar ? { ...start.avatar, file: avatar } : null;
    const rest = sceneOf(start.box, "", null, [{ name: "", fps: start.rest.fps }]);
    const show = { skeleton: start.skeleton, scenes: [rest], avatar: person };
    this.player = window.signllm.openPlayer(place, show, { language, dark });
    this.player.append(0, start.rest.poses, start.rest.motion);
    this.player.finish(0);
  }

  /** Begin to show a text that is being signed, by one model or by two: {name, fps}. */
  begin(text, language, clips) {
    this.waiting = clips.map(() => []);
    this.player.load(sceneOf(this.box, text, language, clips));
    this.player.play(true);
  }

  /** Take an event of a clip. The avatar's bones come after the frames, at once where the model makes them so. */
  take(index, event, streams) {
    if (event.event === "frames") {
      if (this.hasAvatar && !streams) this.waiting[index].push(event);
      else this.player.append(index, event.poses, null, event.missing);
    }
    if (event.event === "motion") {
      const frames = this.waiting[index].splice(0);
      frames.forEach((one, number) => this.player.append(index, one.poses, number === frames.length - 1 ? event : null, one.missing));
      if (!frames.length) this.player.append(index, null, event);
    }
    if (event.event === "done") this.end(index);
  }

  /** A clip has no more frames. */
  end(index) {
    this.waiting[index].splice(0).forEach(({ poses, missing }) => this.player.append(index, poses, null, missing));
    this.player.finish(index);
  }

  /** Say when each sentence is signed: {text, start, end} in seconds. */
  segment(segments) {
    this.player.segment(segments);
  }
}

function sceneOf(box, text, language, clips) {
  const nothing = { en: "", zh: "" };
  const made = clips.map(({ name, fps }) => ({
    name,
    fps,
    role: "system",
    frames: 0,
    dimensions: 3,
    growing: true,
  }));
  return {
    name: text,
    text,
    textLanguage: language,
    gloss: null,
    group: nothing,
    note: nothing,
    segments: [],
    box,
    depth: 0,
    error: 0,
    clips: made,
  };
}
