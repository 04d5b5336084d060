// The line of time: a slider over the frames, and the glosses where they are signed.

import { element, mark } from "./dom.js";

export class Timeline {
  /** `player` has goTo(frame) and goToTime(seconds). */
  constructor(player) {
    this.player = player;
    this.slider = element("input", { type: "range", min: 0, step: 1, on: { input: () => player.goTo(Number(this.slider.value)) } });
    this.segments = element("div", { class: "segments" });
    this.clock = element("output", { class: "clock" });
    this.element = element("div", { class: "timeline" }, this.segments, element("div", { class: "scrub" }, this.slider, this.clock));
    this.lit = -1;
  }

  /** The segments of a scene: buttons that lead to where they begin. Without times there are none. */
  load(scene) {
    this.lit = -1;
    this.length = null;
    const segments = scene.segments ?? [];
    this.buttons = segments.map((segment) => {
      const button = element(
        "button",
        { type: "button", title: segment.text, on: { click: () => this.player.goToTime(segment.start) } },
        segment.text,
      );
      return button;
    });
    this.segments.replaceChildren(...this.buttons);
    this.segments.hidden = segments.length === 0;
  }

  /** Put each gloss where it is signed on a line of so many seconds. */
  spread(segments, length) {
    this.length = length;
    segments.forEach(({ start, end }, index) => {
      const { style } = this.buttons[index];
      style.left = `${(100 * start) / length}%`;
      style.width = `${(100 * Math.max(0, Math.min(end, length) - start)) / length}%`;
    });
  }

  update(state, say) {
    if (this.length !== state.length) this.spread(state.segments, state.length);
    mark(this.slider, "max", state.frames - 1);
    if (Number(this.slider.value) !== state.frame) this.slider.value = state.frame;
    this.slider.style.setProperty("--done", `${(100 * state.frame) / Math.max(1, state.frames - 1)}%`);
    const words = say("frame", { frame: state.frame + 1, frames: state.frames });
    const gloss = state.segment >= 0 ? `, ${state.segments[state.segment].text}` : "";
    mark(this.slider, "aria-label", say("timeline"));
    mark(this.slider, "aria-valuetext", `${state.time.toFixed(2)} s, ${words}${gloss}`);
    this.clock.textContent = `${state.time.toFixed(2)} / ${state.length.toFixed(2)} s · ${state.frame + 1} / ${state.frames}`;
    if (this.lit === state.segment) return;
    this.buttons[this.lit]?.removeAttribute("aria-current");
    this.buttons[state.segment]?.setAttribute("aria-current", "true");
    this.lit = state.segment;
  }
}
