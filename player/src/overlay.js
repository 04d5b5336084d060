// What stands over the picture: each panel's name, and the joint under the pointer.

import { element } from "./dom.js";
import { jointName } from "./words.js";

const REACH = 16; // pixels, for a mouse; a finger reaches further
const FINGER_REACH = 28;

export class Overlay {
  constructor(stage) {
    this.stage = stage;
    this.names = element("div", { class: "names" });
    this.ring = element("span", { class: "ring", hidden: true });
    this.tip = element("span", { class: "tip", hidden: true });
    this.element = element("div", { class: "overlay" }, this.names, this.ring, this.tip);
    this.pointer = null;
    const { canvas } = stage;
    canvas.addEventListener("pointermove", (event) => this.point(event));
    canvas.addEventListener("pointerdown", (event) => this.point(event));
    canvas.addEventListener("dblclick", (event) => this.choose(event));
    canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && (this.pointer = null));
  }

  /** A double click puts the joint there into the middle. */
  choose(event) {
    this.point(event);
    const found = this.pointer && this.stage.jointAt(this.pointer.x, this.pointer.y, FINGER_REACH);
    if (found) this.stage.centerOn(found.panel, found.joint);
  }

  point(event) {
    const box = this.stage.canvas.getBoundingClientRect();
    const reach = event.pointerType === "touch" ? FINGER_REACH : REACH;
    this.pointer = event.buttons > 1 ? null : { x: event.clientX - box.left, y: event.clientY - box.top, reach };
  }

  /** The names of a scene's signers, each over its panel. */
  name(say) {
    const { panels } = this.stage;
    this.badges = panels.map(({ clip, area }) => {
      const flat = clip.dimensions === 2 ? [element("abbr", { title: say("flatHint") }, say("flat"))] : [];
      const isNamedSo = clip.name === say("reference");
      const role = clip.role === "reference" && !isNamedSo ? [element("em", {}, say("reference"))] : [];
      const lack = element("small", {});
      const badge = element("p", { class: "name", "data-role": clip.role }, element("b", {}, clip.name), ...role, ...flat, lack);
      Object.assign(badge.style, { left: `${area.left}px`, top: `${area.top}px`, width: `${area.width}px` });
      return { badge, lack };
    });
    this.names.replaceChildren(...this.badges.map(({ badge }) => badge));
  }

  /** Say of a panel's signer what cannot be seen: joints that are missing, a clip that is over. */
  mark({ badge, lack }, { clip, frame, ended }, say) {
    badge.classList.toggle("ended", ended);
    const count = clip.missingAt(Math.floor(frame + 1e-6));
    const words = count ? say("missing", { count }) : "";
    if (lack.textContent !== words) lack.textContent = words;
  }

  /** Follow the joint under the pointer, also while it moves by itself. */
  update(language, say) {
    const { stage, pointer, ring, tip } = this;
    stage.panels.forEach((panel, index) => this.mark(this.badges[index], panel, say));
    const found = pointer && stage.jointAt(pointer.x, pointer.y, pointer.reach);
    ring.hidden = tip.hidden = !found;
    if (!found) return;
    const { panel, joint, x, y } = found;
    const place = [0, 0, 0];
    panel.clip.position(Math.floor(panel.frame + 1e-6), joint, place);
    const [right, up, near] = place;
    const numbers = [right, -up, near].slice(0, panel.clip.dimensions);
    tip.textContent = jointName(language, stage.parts.skeleton.joints[joint]);
    tip.append(element("small", {}, numbers.map((value, axis) => `${"xyz"[axis]} ${value.toFixed(2)}`).join("  ")));
    Object.assign(ring.style, { left: `${x}px`, top: `${y}px` });
    tip.classList.toggle("before", x > stage.canvas.clientWidth * 0.6);
    Object.assign(tip.style, { left: `${x}px`, top: `${y}px` });
  }
}
