// What is shown: scenes, each a text signed by one figure or by several side by side, out of the page's JSON.
//
// Legend: F frames, J joints. Positions leave here as three.js has them: x to the right of the image, y UP, z towards
// the viewer, in shoulder widths. In the data y points down.

import { Avatar } from "./avatar.js";
import { AVATAR } from "./kinds.js";

const FORMAT = 1;

/** The whole of the page's data; throws where it is of a later format. */
export function readShow(data) {
  if (data.format !== FORMAT) throw new Error(`format ${data.format}, not ${FORMAT}`);
  const avatar = data.avatar ? new Avatar({ ...data.avatar, file: asBytes(data.avatar.file) }) : null;
  return { ...data, avatar, scenes: data.scenes.map((scene) => new Scene(scene, data.skeleton)) };
}

/** A scene that is not in the page's data; its clips may be `growing`: without frames so far. */
export function readScene(data, skeleton) {
  return new Scene(data, skeleton);
}

/** A text and those who sign it. Times are seconds from the first frame. */
class Scene {
  constructor(data, skeleton) {
    Object.assign(this, data);
    this.clips = data.clips.map((clip) => new Clip(clip, skeleton));
    this.reference = this.clips.find((clip) => clip.role === "reference") ?? null;
    this.fps = Math.max(...this.clips.map((clip) => clip.fps));
    this.canAlign = this.clips.some((clip) => clip.aligned !== null);
    this.isFlat = this.clips.some((clip) => clip.dimensions === 2);
  }

  get duration() {
    return Math.max(...this.clips.map((clip) => clip.frames / clip.fps));
  }

  /** Whether one of its clips is still being made. */
  get growing() {
    return this.clips.some((clip) => clip.growing);
  }

  /** Up to where it can be watched: a clip that is still being made holds back those beside it. */
  ready(kind) {
    return Math.min(this.duration, ...this.clips.filter((clip) => clip.growing).map((clip) => clip.shown(kind) / clip.fps));
  }

  /** How long it plays: aligned clips go at the reference's pace. */
  length(aligned) {
    return aligned ? this.reference.frames / this.reference.fps : this.duration;
  }

  /** Frames a second of the steps from one frame to the next. */
  rate(aligned) {
    return aligned ? this.reference.fps : this.fps;
  }

  /** The index of the segment at a time, or -1. */
  segmentAt(time) {
    return (this.segments ?? []).findIndex((segment) => segment.start <= time && time < segment.end);
  }
}

/** The motion of one signer. */
class Clip {
  constructor(data, skeleton) {
    Object.assign(this, { name: data.name, role: data.role, fps: data.fps, frames: data.frames });
    this.dimensions = data.dimensions;
    this.joints = skeleton.joints.length;
    this.aligned = data.aligned ?? null;
    this.growing = data.growing ?? false; // frames are still to come, as floats
    this.values = this.growing ? new Float32Array(0) : new Int16Array(bytes(data.poses).buffer);
    this.step = data.step ?? 1;
    this.missing = data.missing ? bytes(data.missing) : null;
    this.motion = data.motion ? new Motion(data.motion, data.frames) : null;
    if (this.values.length !== this.frames * this.joints * this.dimensions) throw new Error(`${this.name}: cut off`);
  }

  /** Take the next frames: floats (F x J x dimensions), how an avatar's bones turn in them, and bits of missing joints. */
  append(poses, motion, missing) {
    const before = this.frames * this.joints;
    this.values = joined(this.values, poses);
    this.frames = this.values.length / (this.joints * this.dimensions);
    if (missing) this.mark(bytes(missing), before, this.frames * this.joints);
    if (motion && this.motion) this.motion.append(motion);
    else if (motion) this.motion = new Motion(motion, motion.frames);
  }

  /** How many frames a figure of a kind can show. */
  shown(kind) {
    return kind === AVATAR && this.motion ? this.motion.frames : this.frames;
  }

  /** The frame (a fraction between two) at a time of the scene, and whether the clip has ended before it. */
  frameAt(time, aligned, reference) {
    if (aligned && this !== reference && this.aligned) {
      const last = this.aligned.length - 1;
      const at = Math.min(time * reference.fps, last);
      const before = Math.floor(at);
      const after = Math.min(before + 1, last);
      const frame = this.aligned[before] + (at - before) * (this.aligned[after] - this.aligned[before]);
      return { frame, ended: false };
    }
    const frame = time * this.fps;
    return { frame: Math.max(0, Math.min(frame, this.frames - 1)), ended: !this.growing && frame >= this.frames };
  }

  /** Remember which joints, counted over all frames, are missing: bits for those from `first` up to `end`. */
  mark(bits, first, end) {
    const marks = new Uint8Array((end + 7) >> 3);
    if (this.missing) marks.set(this.missing);
    for (let index = first; index < end; index++) if (bit(bits, index - first)) marks[index >> 3] |= 128 >> (index & 7);
    this.missing = marks;
  }

  isMissing(frame, joint) {
    return this.missing !== null && bit(this.missing, frame * this.joints + joint);
  }

  /** How many joints a frame lacks. */
  missingAt(frame) {
    let count = 0;
    for (let joint = 0; joint < this.joints; joint++) count += this.isMissing(frame, joint);
    return count;
  }

  /** Write a joint's position into `target`, an array of three; false where it is missing. */
  position(frame, joint, target) {
    if (frame >= this.frames || this.isMissing(frame, joint)) return false;
    const first = (frame * this.joints + joint) * this.dimensions;
    target[0] = this.values[first] * this.step;
    target[1] = -this.values[first + 1] * this.step;
    target[2] = this.dimensions === 3 ? this.values[first + 2] * this.step : 0;
    return true;
  }

  /** All joints at a frame, into (J x 3) positions and (J) seen. Between two frames both must show a joint. */
  pose(frame, positions, seen) {
    const before = Math.max(0, Math.min(Math.floor(frame + 1e-6), this.frames - 1));
    const after = Math.min(before + 1, this.frames - 1);
    const share = Math.max(0, frame - before);
    for (let joint = 0; joint < this.joints; joint++) {
      const there = this.position(before, joint, NOW);
      seen[joint] = there ? 1 : 0;
      if (!there) continue;
      if (share > 1e-4 && this.position(after, joint, NEXT)) {
        for (let axis = 0; axis < 3; axis++) NOW[axis] += share * (NEXT[axis] - NOW[axis]);
      }
      positions.set(NOW, 3 * joint);
    }
  }
}

/** How an avatar's bones turn in a clip. */
class Motion {
  constructor(data, frames) {
    this.frames = frames;
    this.nodes = data.nodes; // of the bones that move, in the GLB file
    this.still = data.still; // [node, rotation] of those that do not
    this.root = data.root; // the node that is moved by `translation`, metres a frame
    this.rotations = new Int16Array(bytes(data.rotations).buffer);
    this.translation = new Float32Array(bytes(data.translation).buffer);
  }

  /** Take the next frames, of the same bones. */
  append(data) {
    this.frames += data.frames;
    this.rotations = joined(this.rotations, new Int16Array(bytes(data.rotations).buffer));
    this.translation = joined(this.translation, new Float32Array(bytes(data.translation).buffer));
  }

  /** Write a moving bone's rotation at a frame into a quaternion. */
  rotation(frame, bone, target) {
    const first = 4 * (frame * this.nodes.length + bone);
    return target.fromArray(this.rotations, first).normalize();
  }
}

const NOW = [0, 0, 0];
const NEXT = [0, 0, 0];

/** A bit of many, the first in the highest of the first byte; beyond the last, none. */
function bit(many, index) {
  return ((many[index >> 3] >> (7 - (index & 7))) & 1) === 1;
}

function joined(before, after) {
  const both = new before.constructor(before.length + after.length);
  both.set(before);
  both.set(after, before.length);
  return both;
}

/** What base64 says, or bytes as they are. */
function asBytes(file) {
  return typeof file === "string" ? bytes(file) : file;
}

/** What base64 says. */
export function bytes(base64) {
  const text = atob(base64);
  const found = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) found[index] = text.charCodeAt(index);
  return found;
}
