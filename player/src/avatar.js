// A signer as a person: the skin of a GLB file, moved by rotations of its bones.
//
// The rotations come from signllm/retargeting. The figure stands so that the middle of its shoulders is where the neck of
// the skeleton is, and as large, so that one camera shows both alike.

import { DirectionalLight, Group, HemisphereLight, Matrix4, MeshLambertMaterial, Quaternion, Vector3 } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { clone } from "three/addons/utils/SkeletonUtils.js";

/**
 * The person in a GLB file: bytes of the file, by which factor and to where it is moved, and how it is turned. `hands`:
 * the nodes that stand for the right hand and for the left one.
 */
export class Avatar {
  constructor({ file, scale, turn, origin, hands }) {
    Object.assign(this, { file, scale, turn, origin, hands });
  }

  /** Read the file; throws where three.js cannot. */
  async load() {
    const gltf = await new GLTFLoader().parseAsync(this.file.buffer, "");
    this.person = gltf.scene;
    gltf.parser.associations.forEach((where, object) => {
      if (object.isObject3D && where.nodes !== undefined) object.userData.node = where.nodes;
    });
    this.person.traverse((part) => {
      if (!part.isMesh) return;
      part.frustumCulled = false; // its bounds are those at rest
      const { color, map, vertexColors, side, alphaTest, transparent, opacity } = part.material;
      // The plain material of this name is enough, and drawn in half the time where there is no graphics card.
      part.material = new MeshLambertMaterial({ color, map, vertexColors, side, alphaTest, transparent, opacity });
    });
    return this;
  }
}

export class AvatarFigure {
  constructor(avatar, clip) {
    this.motion = clip.motion;
    this.group = new Group();
    const person = clone(avatar.person);
    const nodes = new Map();
    person.traverse((part) => part.userData.node !== undefined && nodes.set(part.userData.node, part));
    this.bones = this.motion.nodes.map((node) => nodes.get(node));
    this.root = nodes.get(this.motion.root);
    this.rest = this.root.position.clone();
    this.holder = new Group();
    this.holder.add(person);
    this.holder.scale.setScalar(avatar.scale);
    this.holder.quaternion.fromArray(avatar.turn);
    this.holder.position.fromArray(avatar.origin);
    const sun = new DirectionalLight(0xffffff, 1.9);
    sun.position.set(-0.35, 0.65, 0.9);
    this.group.add(this.holder, new HemisphereLight(0xffffff, 0x8d8478, 1.7), sun);
    this.motion.still.forEach(([node, rotation]) => nodes.get(node)?.quaternion.fromArray(rotation));
    this.chains = avatar.hands.map((node) => this.chainOf(nodes.get(node)));
    this.passed = avatar.hands.map(() => new Map());
  }

  /** The parts from the holder down to a bone: each with which bone of the motion it is, or -1. */
  chainOf(part) {
    const chain = [];
    for (; part && part !== this.holder; part = part.parent) chain.unshift({ part, bone: this.bones.indexOf(part) });
    return chain;
  }

  /** Write where a hand (0: right, 1: left) is at a frame, which may lie between two, without moving there. */
  where(hand, frame, target) {
    const before = Math.max(0, Math.min(Math.floor(frame + 1e-6), this.motion.frames - 1));
    const after = Math.min(before + 1, this.motion.frames - 1);
    const [first, second] = [before, after].map((whole) => this.whereAt(hand, whole));
    const share = Math.max(0, frame - before);
    for (let axis = 0; axis < 3; axis++) target[axis] = first[axis] + share * (second[axis] - first[axis]);
    return true;
  }

  /** The same at a whole frame, remembered. */
  whereAt(hand, frame) {
    const known = this.passed[hand].get(frame);
    if (known) return known;
    this.holder.updateMatrix();
    PLACE.copy(this.holder.matrix);
    for (const { part, bone } of this.chains[hand]) {
      TO.copy(part === this.root ? this.rest : part.position);
      if (part === this.root) TO.add(FROM.fromArray(this.motion.translation, 3 * frame));
      PLACE.multiply(PART.compose(TO, bone < 0 ? part.quaternion : this.motion.rotation(frame, bone, NOW), part.scale));
    }
    const found = TO.setFromMatrixPosition(PLACE).toArray();
    this.passed[hand].set(frame, found);
    return found;
  }

  /** Stand as at a frame, which may lie between two. */
  show(frame) {
    const { motion } = this;
    const before = Math.max(0, Math.min(Math.floor(frame + 1e-6), motion.frames - 1));
    const after = Math.min(before + 1, motion.frames - 1);
    const share = Math.max(0, frame - before);
    this.bones.forEach((bone, index) => {
      motion.rotation(before, index, NOW);
      if (share > 1e-4) NOW.slerp(motion.rotation(after, index, NEXT), share);
      bone.quaternion.copy(NOW);
    });
    for (const [axis, name] of ["x", "y", "z"].entries()) {
      const [now, next] = [before, after].map((at) => motion.translation[3 * at + axis]);
      this.root.position[name] = this.rest[name] + now + share * (next - now);
    }
  }

  /** A person has the corners that it has. */
  refine() {}

  /** A person keeps its own colours. */
  paint() {}

  dispose() {
    this.group.traverse((part) => part.skeleton?.dispose()); // skin and colours belong to all copies
  }
}

const NOW = new Quaternion();
const NEXT = new Quaternion();
const [FROM, TO] = [new Vector3(), new Vector3()];
const [PLACE, PART] = [new Matrix4(), new Matrix4()];
