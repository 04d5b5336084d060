// The player: holds what is shown and how, and lets clock, picture and buttons agree.

import { Vector3 } from "three";
import { Clock } from "./clock.js";
import { Controls } from "./controls.js";
import { element } from "./dom.js";
import { AVATAR, SKELETON } from "./kinds.js";
import { Header } from "./header.js";
import { listen } from "./keyboard.js";
import { Overlay } from "./overlay.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";
import { initialLanguage, say } from "./words.js";

const LONGEST_TICK = 0.25; // seconds; a page that slept does not leap

export class Player {
  /** `hosted`: the page around it says what is signed, in which `language`, and whether it is `dark`. */
  constructor(place, show, { hosted = false, language = initialLanguage(), dark = false } = {}) {
    this.show = show;
    this.hosted = hosted;
    this.language = language;
    this.dark = dark;
    this.switches = { mirror: false, loop: true, smooth: true, trails: false, aligned: false };
    this.highContrast = matchMedia("(prefers-contrast: more)").matches;
    this.clock = new Clock();
    this.header = new Header(this, show.scenes);
    this.canvas = element("canvas", { role: "img", tabindex: 0 });
    this.controls = new Controls(this);
    this.timeline = new Timeline(this);
    const picture = element("div", { class: "stage" }, this.canvas);
    place.replaceChildren(this.header.element, picture, this.timeline.element, this.controls.element, this.header.dialog);
    if (hosted) this.giveWay();
    this.stage = new Stage(this.canvas, show);
    this.stage.theme = this.theme;
    this.overlay = new Overlay(this.stage);
    picture.append(this.overlay.element);
    listen(this, hosted ? place : document);
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    document.documentElement.dataset.contrast = this.highContrast ? "high" : "normal";
    this.clock.playing = show.autoplay && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.open(0);
    if (show.avatar) show.avatar.load().then(() => this.cast(AVATAR));
    requestAnimationFrame((now) => this.tick(now, now));
  }

  /** The page around has words of its own; what is left of the header goes to the buttons. */
  giveWay() {
    this.header.element.remove();
    this.header.language.remove();
    this.controls.element.append(this.header.tools);
  }

  get theme() {
    if (this.highContrast) return "high";
    return this.dark ? "dark" : "light";
  }

  get scene() {
    return this.show.scenes[this.index];
  }

  /** Show another scene, if there is one with this index. */
  open(index) {
    if (!(index in this.show.scenes)) return;
    this.index = index;
    if (!this.scene.canAlign) this.switches.aligned = false;
    this.clock.time = 0;
    this.setClock();
    this.stage.load(this.scene);
    this.timeline.load(this.scene);
    this.sayAll();
  }

  /** Show a scene in place of all others. */
  load(scene) {
    this.show.scenes = [scene];
    this.open(0);
  }

  /** Take the next frames of a clip that is still being made. */
  append(index, poses, motion, missing) {
    const clip = this.scene.clips[index];
    const isFirst = motion && !clip.motion;
    clip.append(poses, motion, missing);
    if (isFirst) this.stage.cast(this.stage.kind);
    this.grown();
  }

  /** A clip has all its frames. */
  finish(index) {
    this.scene.clips[index].growing = false;
    this.grown();
  }

  /** Say when each part of the scene is signed. */
  segment(segments) {
    this.scene.segments = segments;
    this.timeline.load(this.scene);
    this.refresh();
  }

  grown() {
    this.setClock();
    this.overlay.name(this.say);
    this.refresh();
  }

  setClock() {
    const { scene, clock } = this;
    clock.loop = this.switches.loop;
    clock.open = scene.growing;
    const length = clock.open ? scene.ready(this.stage.kind) : scene.length(this.switches.aligned);
    clock.set(length, scene.rate(this.switches.aligned));
  }

  say = (key, values) => say(this.language, key, values);

  /** Every word of the page, and everything that it shows. */
  sayAll() {
    document.documentElement.lang = this.language;
    const names = this.scene.clips.map((clip) => clip.name).join(", ");
    this.canvas.setAttribute("aria-label", this.say("body", { name: `${this.scene.text || this.scene.name} (${names})` }));
    this.header.update(this.scene, this.index, this.show.scenes.length, this, this.say);
    this.overlay.name(this.say);
    this.refresh();
  }

  /** Show the present moment, and how things stand. */
  refresh() {
    this.pose();
    this.tell();
  }

  /** Let the signers stand as at the present moment. */
  pose() {
    this.stage.show(this.scene, this.clock.time, this.switches.aligned, !(this.clock.playing && this.switches.smooth));
  }

  /** Let the line of time and the buttons say how things stand. */
  tell() {
    const { state } = this;
    this.timeline.update(state, this.say);
    this.controls.update(state, this.say);
    this.told = { frame: state.frame, view: state.view };
  }

  tick(now, before) {
    const wasPlaying = this.clock.playing;
    this.clock.pass(Math.min((now - before) / 1000, LONGEST_TICK));
    if (wasPlaying) this.pose();
    // Pictures between two frames look different, but nothing else is to be said of them.
    const { frame, view } = this.told;
    if (wasPlaying !== this.clock.playing || frame !== this.clock.frame || view !== this.stage.view) this.tell();
    if (this.stage.draw(this.clock.playing, now)) this.drawn = (this.drawn ?? 0) + 1;
    this.overlay.update(this.language, this.say);
    requestAnimationFrame((next) => this.tick(next, now));
  }

  resize() {
    const { view } = this.stage;
    this.stage.layOut();
    if (view) this.stage.look(view);
    this.overlay.name(this.say);
  }

  /** Play, or pause; nothing plays by itself where the reader wants no motion. */
  play(on) {
    this.clock.playing = on && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.refresh();
  }

  toggle() {
    this.clock.toggle();
    this.refresh();
  }

  step(frames) {
    this.clock.step(frames);
    this.refresh();
  }

  goTo(frame) {
    this.clock.playing = false;
    this.clock.goTo(frame);
    this.refresh();
  }

  goToTime(seconds) {
    this.clock.goTo(Math.ceil(seconds * this.clock.rate - 1e-6));
    this.refresh();
  }

  setSpeed(speed) {
    this.clock.speed = speed;
    this.refresh();
  }

  changeSpeed(direction) {
    this.clock.changeSpeed(direction);
    this.refresh();
  }

  look(view) {
    this.stage.look(view);
    this.refresh();
  }

  turn(right, up) {
    this.stage.turn(right, up);
    this.refresh();
  }

  zoom(factor) {
    this.stage.zoom(factor);
    this.refresh();
  }

  /** Turn a switch on or off. */
  flip(name) {
    if (name === "aligned" && !this.scene.canAlign) return;
    this.switches[name] = !this.switches[name];
    this.stage.mirror(this.switches.mirror);
    this.stage.trails = this.switches.trails;
    this.setClock();
    if (!this.clock.playing) this.clock.goTo(this.clock.frame);
    this.refresh();
  }

  /** Let skeletons sign, or avatars, once the avatar is there. */
  cast(kind) {
    if (!this.show.avatar?.person || this.stage.kind === kind) return;
    this.stage.cast(kind);
    document.documentElement.dataset.figure = kind;
    this.setClock();
    this.overlay.name(this.say);
    this.refresh();
  }

  contrast() {
    this.highContrast = !this.highContrast;
    document.documentElement.dataset.contrast = this.highContrast ? "high" : "normal";
    this.stage.paint(this.theme);
    this.sayAll();
  }

  /** On a dark page, or on a light one. */
  darken(dark) {
    this.dark = dark;
    this.stage.paint(this.theme);
  }

  /** Speak a language, by default the other one. */
  speak(language = this.language === "en" ? "zh" : "en") {
    this.language = language;
    this.sayAll();
  }

  otherFigure() {
    this.cast(this.stage.kind === AVATAR ? SKELETON : AVATAR);
  }

  help() {
    this.header.dialog.showModal();
  }

  /** How things stand, as plain values. */
  get state() {
    const { clock, scene, stage, switches } = this;
    const time = clock.playing ? clock.time : clock.frame / clock.rate;
    // An aligned clip's glosses are where the reference has them, or else nowhere.
    const segment = scene.segmentAt(clock.frame / clock.rate);
    return {
      clip: this.index,
      clips: this.show.scenes.length,
      text: scene.text,
      segments: scene.segments ?? [],
      segment,
      time,
      frame: clock.frame,
      frames: clock.frames,
      length: clock.length,
      playing: clock.playing,
      growing: scene.growing,
      speed: clock.speed,
      view: stage.view,
      switches: { ...switches },
      canAlign: scene.canAlign,
      figure: stage.kind,
      hasAvatar: Boolean(this.show.avatar?.person),
      highContrast: this.highContrast,
      language: this.language,
      panels: stage.panels.map(({ clip, frame, ended }) => ({ name: clip.name, frame, ended })),
      drawn: this.drawn ?? 0,
    };
  }

  /** What others may read of the player. */
  report() {
    const player = this;
    return Object.freeze({
      get state() {
        return structuredClone(player.state);
      },
      /** A joint of a panel's signer as it is shown now: [x, y, z] of the data (y down), null where it is missing. */
      joint(panel, name) {
        const { clip, frame } = player.stage.panels[panel];
        const place = [0, 0, 0];
        const there = clip.position(Math.floor(frame + 1e-6), player.show.skeleton.joints.indexOf(name), place);
        return there ? [place[0], -place[1], place[2]] : null;
      },
      /** Where a bone of a panel's avatar is: [x, y, z] in shoulder widths, y up; null where a skeleton signs. */
      bone(panel, node) {
        const { bones, motion } = player.stage.panels[panel].figure;
        const found = bones?.[motion.nodes.indexOf(node)];
        return found ? found.getWorldPosition(new Vector3()).toArray() : null;
      },
      /** Where the trail of a panel's right hand (0) or left one (1) goes, in shoulder widths, y up; from now back. */
      trail(panel, hand) {
        return player.stage.panels[panel].trail.points(hand);
      },
      /** Where a joint is on the page, in pixels. */
      onPage(panel, name) {
        const joint = player.show.skeleton.joints.indexOf(name);
        const at = player.stage.onCanvas(player.stage.panels[panel], joint);
        const { left, top } = player.canvas.getBoundingClientRect();
        return at && { x: left + at.x, y: top + at.y };
      },
    });
  }
}
