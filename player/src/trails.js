// The ways of the hands: where each hand was in the last moments, fading with age.

import { Capsules } from "./capsules.js";

const SECONDS = 1;
const PIECES = 24;
const RADIUS = 0.011;
const HANDS = ["right", "left"];

export class Trails {
  /** `hands`: `where(hand, frame, target)` writes where hand 0 (right) or 1 (left) is; false where it is not seen. */
  constructor(hands, fps, surroundings) {
    this.hands = hands;
    this.fps = fps;
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
    const each = (SECONDS * this.fps) / PIECES;
    const [newer, older] = [this.ends.subarray(0, 3), this.ends.subarray(3, 6)];
    HANDS.forEach((_, hand) => {
      let seen = this.hands.where(hand, frame, newer);
      for (let piece = 0; piece < PIECES; piece++) {
        const index = hand * PIECES + piece;
        const before = frame - (piece + 1) * each;
        const seenBefore = before >= 0 && this.hands.where(hand, before, older);
        if (seen && seenBefore) this.pieces.place(index, this.ends, 0, 3);
        else this.pieces.hide(index);
        newer.set(older);
        seen = seenBefore;
      }
    });
    this.pieces.placed();
  }

  /** Where a trail goes, from its hand back in time: [x, y, z] of each end of its pieces. */
  points(hand) {
    const { start, end } = this.pieces;
    const at = ({ array, itemSize }, piece) => [...array.slice(itemSize * piece, itemSize * piece + 3)];
    const seen = Array.from({ length: PIECES }, (_, piece) => hand * PIECES + piece).filter((piece) => start.getW(piece));
    return seen.flatMap((piece, index) => (index ? [at(end, piece)] : [at(start, piece), at(end, piece)]));
  }

  refine(pixels) {
    this.pieces.refine(pixels);
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

/** Where the hands of a clip are: the middle knuckle of each, else its wrist. */
export class ClipHands {
  constructor(clip, skeleton) {
    this.clip = clip;
    this.joints = HANDS.map((side) => [`${side}_middle_1`, `${side}_wrist`].map((name) => skeleton.joints.indexOf(name)));
  }

  where(hand, frame, target) {
    return this.joints[hand].some((joint) => joint >= 0 && between(this.clip, frame, joint, target));
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
