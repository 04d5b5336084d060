// The ways of the hands: where each hand was in the last moments, fading with age.

import { Capsules } from "./capsules.js";

const SECONDS = 1;
const PIECES = 24;
const RADIUS = 0.011;
const HANDS = ["right", "left"];

export class Trails {
  constructor(clip, skeleton, surroundings) {
    this.clip = clip;
    this.hands = HANDS.map((side) => [`${side}_middle_1`, `${side}_wrist`].map((name) => skeleton.joints.indexOf(name)));
    this.pieces = new Capsules(HANDS.length * PIECES, surroundings, 0);
    this.group = this.pieces.group;
    this.ends = new Float32Array(6);
    for (let hand = 0; hand < HANDS.length; hand++) {
      for (let piece = 0; piece < PIECES; piece++) {
        const [newer, older] = [piece, piece + 1].map((k) => RADIUS * (1 - k / PIECES));
        this.pieces.setRadii(hand * PIECES + piece, newer, older);
      }
    }
  }

  show(frame) {
    const each = (SECONDS * this.clip.fps) / PIECES;
    this.hands.forEach((joints, hand) => {
      for (let piece = 0; piece < PIECES; piece++) {
        const index = hand * PIECES + piece;
        const [newer, older] = [piece, piece + 1].map((k) => frame - k * each);
        const there = older >= 0 && this.where(newer, joints, 0) && this.where(older, joints, 3);
        if (there) this.pieces.place(index, this.ends, 0, 3);
        else this.pieces.hide(index);
      }
    });
    this.pieces.placed();
  }

  /** Write a hand's place into `ends`: its middle knuckle, else its wrist; false where neither is seen. */
  where(frame, joints, offset) {
    const target = this.ends.subarray(offset, offset + 3);
    return joints.some((joint) => joint >= 0 && between(this.clip, frame, joint, target));
  }

  paint(colors) {
    HANDS.forEach((side, hand) => {
      for (let piece = 0; piece < PIECES; piece++) {
        const faded = colors[side].clone().lerp(colors.background, 0.15 + (0.75 * piece) / PIECES);
        this.pieces.setColor(hand * PIECES + piece, faded);
      }
    });
  }

  dispose() {
    this.pieces.dispose();
  }
}

const LATER = [0, 0, 0];

/** A joint between two frames. */
function between(clip, frame, joint, target) {
  const before = Math.floor(frame + 1e-6);
  const share = Math.max(0, frame - before);
  if (!clip.position(before, joint, target)) return false;
  if (share > 1e-4 && before + 1 < clip.frames && clip.position(before + 1, joint, LATER)) {
    for (let axis = 0; axis < 3; axis++) target[axis] += share * (LATER[axis] - target[axis]);
  }
  return true;
}
