// The buttons under the picture.

import { SPEEDS } from "./clock.js";
import { element, icon, mark } from "./dom.js";
import { AVATAR, SKELETON } from "./kinds.js";
import { VIEWS } from "./stage.js";

const PLAY = "M7 4.5v15l12.5-7.5z";
const PAUSE = "M6.5 4.5h4v15h-4zM13.5 4.5h4v15h-4z";
const BACK = "M17 5v14l-9.5-7zM5 5h2.5v14H5z";
const ONWARD = "M7 5v14l9.5-7zM16.5 5H19v14h-2.5z";

export class Controls {
  /** `player` has what the buttons do: toggle, step, setSpeed, look, flip(switch), cast(figure). */
  constructor(player) {
    this.player = player;
    this.play = element("button", { type: "button", class: "play", on: { click: () => player.toggle() } });
    this.back = this.stepper(BACK, -1);
    this.onward = this.stepper(ONWARD, 1);
    this.speed = element(
      "select",
      { on: { change: () => player.setSpeed(Number(this.speed.value)) } },
      ...SPEEDS.map((speed) => element("option", { value: speed }, `${speed}×`)),
    );
    this.views = Object.keys(VIEWS).map((view) =>
      element("button", { type: "button", "data-view": view, on: { click: () => player.look(view) } }),
    );
    this.viewGroup = element("div", { class: "group", role: "group" }, ...this.views);
    this.figures = [SKELETON, AVATAR].map((kind) =>
      element("button", { type: "button", "data-figure": kind, on: { click: () => player.cast(kind) } }),
    );
    this.figureGroup = element("div", { class: "group", role: "group" }, ...this.figures);
    this.switches = ["mirror", "loop", "smooth", "trails", "aligned"].map((name) =>
      element("button", { type: "button", "data-switch": name, on: { click: () => player.flip(name) } }),
    );
    this.element = element(
      "div",
      { class: "controls" },
      element("div", { class: "group" }, this.back, this.play, this.onward),
      this.speed,
      this.viewGroup,
      element("div", { class: "group" }, ...this.switches),
      this.figureGroup,
    );
  }

  stepper(path, frames) {
    return element("button", { type: "button", on: { click: () => this.player.step(frames) } }, icon(path));
  }

  /** Show how things stand. */
  update(state, say) {
    if (this.playing !== state.playing || this.language !== state.language) {
      this.playing = state.playing;
      this.play.replaceChildren(icon(state.playing ? PAUSE : PLAY));
      label(this.play, say(state.playing ? "pause" : "play"));
    }
    if (this.language !== state.language) {
      this.language = state.language;
      label(this.back, say("previousFrame"));
      label(this.onward, say("nextFrame"));
      this.speed.setAttribute("aria-label", say("speed"));
      this.viewGroup.setAttribute("aria-label", say("view"));
      for (const button of this.views) button.textContent = say(button.dataset.view);
      this.figureGroup.setAttribute("aria-label", say("figure"));
      for (const button of this.figures) button.textContent = say(button.dataset.figure);
      for (const button of this.switches) button.textContent = say(button.dataset.switch);
      for (const [name, hint] of [["smooth", "smoothHint"], ["trails", "trailsHint"], ["aligned", "alignHint"]]) {
        this.switches.find((button) => button.dataset.switch === name).title = say(hint);
      }
    }
    this.figureGroup.hidden = !state.hasAvatar;
    for (const button of this.figures) mark(button, "aria-pressed", state.figure === button.dataset.figure);
    if (this.speed.value !== String(state.speed)) this.speed.value = String(state.speed);
    for (const button of this.views) mark(button, "aria-pressed", state.view === button.dataset.view);
    for (const button of this.switches) {
      mark(button, "aria-pressed", state.switches[button.dataset.switch]);
      button.hidden = button.dataset.switch === "aligned" && !state.canAlign;
    }
  }
}

function label(button, words) {
  button.setAttribute("aria-label", words);
  button.title = words;
}
