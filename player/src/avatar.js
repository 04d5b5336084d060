// A signer as a person: the skin of a GLB file, moved by rotations of its bones.
//
// The rotations come from signllm/retargeting. The figure stands so that the middle of its shoulders is where the neck of
// the skeleton is, and as large, so that one camera shows both alike.

import { DirectionalLight, Group, HemisphereLight, MeshLambertMaterial, Quaternion } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { clone } from "three/addons/utils/SkeletonUtils.js";

/** The person in a GLB file: bytes of the file, by which factor and to where it is moved, and how it is turned. */
export class Avatar {
  constructor({ file, scale, turn, origin }) {
    Object.assign(this, { file, scale, turn, origin });
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

  /** A person keeps its own colours. */
  paint() {}

  dispose() {
    this.group.traverse((part) => part.skeleton?.dispose()); // skin and colours belong to all copies
  }
}

const NOW = new Quaternion();
const NEXT = new Quaternion();
