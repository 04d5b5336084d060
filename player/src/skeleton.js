// A signer as a figure of limbs: what the pose says and nothing else, but for a head around the nose.
//
// A figure is anything with `group` (to put into a scene), `show(frame)`, `refine(pixels)`, `paint(colors)` and `dispose()`.

import {
  BufferAttribute,
  BufferGeometry,
  DoubleSide,
  DynamicDrawUsage,
  Group,
  Mesh,
  ShaderMaterial,
  Vector3,
} from "three";
import { Capsules, SHADE } from "./capsules.js";
import { palmsOf, strokesOf } from "./strokes.js";

const RIM = 0.011;
const HEAD = { chin: 0.138, crown: 0.205, height: 0.2, behind: 0.165, below: 0.085 };
const NOSE = 0.03;
const NECK = { bottom: 0.05, top: 0.075 };

export class SkeletonFigure {
  constructor(clip, skeleton, surroundings) {
    this.clip = clip;
    this.positions = new Float32Array(3 * skeleton.joints.length);
    this.seen = new Uint8Array(skeleton.joints.length);
    this.strokes = strokesOf(skeleton);
    this.limbs = new Capsules(this.strokes.length, surroundings, RIM);
    this.strokes.forEach(({ start, end }, index) => this.limbs.setRadii(index, start, end));
    this.palms = palmsOf(skeleton).map((palm) => new Palm(palm, surroundings));
    this.head = new Head(skeleton, surroundings);
    this.parts = [this.limbs, this.head.limbs, ...this.palms];
    this.group = new Group();
    this.group.add(...this.parts.map((part) => part.group));
  }

  /** Stand as at a frame, which may lie between two. */
  show(frame) {
    const { clip, limbs, positions, seen, strokes } = this;
    clip.pose(frame, positions, seen);
    strokes.forEach(({ from, to }, index) => {
      if (seen[from] && seen[to]) limbs.place(index, positions, 3 * from, 3 * to);
      else limbs.hide(index);
    });
    limbs.placed();
    this.head.show(positions, seen);
    for (const palm of this.palms) palm.show(positions, seen);
  }

  /** Have as many corners as are seen where a shoulder width is so many pixels. */
  refine(pixels) {
    this.limbs.refine(pixels);
    this.head.limbs.refine(pixels);
  }

  /** Take on a palette. */
  paint(colors) {
    this.strokes.forEach(({ color }, index) => this.limbs.setColor(index, colors[color]));
    this.head.paint(colors);
    for (const palm of this.palms) palm.paint(colors);
  }

  dispose() {
    for (const part of this.parts) part.dispose();
  }
}

/** A head behind the nose, upright on the neck and turned as the shoulders are: the pose knows no more of it. */
class Head {
  constructor(skeleton, surroundings) {
    [this.nose, this.neck, this.right, this.left] = ["nose", "neck", "right_shoulder", "left_shoulder"].map((name) =>
      skeleton.joints.indexOf(name),
    );
    this.limbs = new Capsules(3, surroundings, RIM);
    this.limbs.setRadii(0, HEAD.chin, HEAD.crown);
    this.limbs.setRadii(1, NOSE, NOSE * 0.8);
    this.limbs.setRadii(2, NECK.bottom, NECK.top);
    [this.up, this.across, this.front, this.place] = [0, 1, 2, 3].map(() => new Vector3());
    this.points = new Float32Array(15); // chin, crown, tip and bridge of the nose, neck
  }

  show(positions, seen) {
    const { limbs, points, up, front, place } = this;
    if (this.nose < 0 || !seen[this.nose]) [0, 1, 2].forEach((index) => limbs.hide(index));
    else {
      this.turn(positions, seen);
      place.fromArray(positions, 3 * this.nose).toArray(points, 6);
      place.addScaledVector(up, 0.06).addScaledVector(front, -0.02).toArray(points, 9);
      place.fromArray(positions, 3 * this.nose).addScaledVector(front, -HEAD.behind).addScaledVector(up, -HEAD.below);
      place.toArray(points, 0);
      place.addScaledVector(up, HEAD.height).toArray(points, 3);
      limbs.place(0, points, 0, 3);
      limbs.place(1, points, 6, 9);
      if (this.neck >= 0 && seen[this.neck]) {
        points.set(positions.subarray(3 * this.neck, 3 * this.neck + 3), 12);
        limbs.place(2, points, 12, 0);
      } else limbs.hide(2);
    }
    limbs.placed();
  }

  /** Find out which way is up for the head, and which way it looks. */
  turn(positions, seen) {
    const { up, across, front, place } = this;
    up.set(0, 1, 0);
    if (this.neck >= 0 && seen[this.neck]) {
      // The neck says how the head leans in the picture; its depth is too uncertain to lean by.
      up.fromArray(positions, 3 * this.nose).sub(place.fromArray(positions, 3 * this.neck)).setZ(0);
      up.lengthSq() > 1e-6 ? up.normalize() : up.set(0, 1, 0);
    }
    front.set(0, 0, 1);
    if (this.right >= 0 && seen[this.right] && seen[this.left]) {
      across.fromArray(positions, 3 * this.left).sub(place.fromArray(positions, 3 * this.right));
      front.crossVectors(across, up);
      front.lengthSq() > 1e-6 ? front.normalize() : front.set(0, 0, 1);
    }
  }

  paint(colors) {
    this.limbs.setColor(0, colors.head, 1);
    this.limbs.setColor(1, colors.nose);
    this.limbs.setColor(2, colors.body);
  }
}

const PALM_VERTEX = /* glsl */ `
  varying vec3 vPlace;
  void main() {
    vec4 seen = modelViewMatrix * vec4(position, 1.0);
    vPlace = seen.xyz;
    gl_Position = projectionMatrix * seen;
  }
`;

const PALM_FRAGMENT = /* glsl */ `
  ${SHADE}
  uniform vec3 palm;
  uniform vec3 back;
  varying vec3 vPlace;
  void main() {
    vec3 normal = normalize(cross(dFdx(vPlace), dFdy(vPlace)));
    if (normal.z < 0.0) normal = -normal;
    gl_FragColor = vec4(shade(gl_FrontFacing ? palm : back, normal, -vPlace.z), 1.0);
  }
`;

/** The plane of a hand: light on the inner side, dark on the back, so that its orientation is seen. */
class Palm {
  constructor({ side, corners }, surroundings) {
    this.side = side;
    this.corners = corners;
    const geometry = new BufferGeometry();
    this.places = new BufferAttribute(new Float32Array(3 * corners.length), 3);
    this.places.setUsage(DynamicDrawUsage);
    geometry.setAttribute("position", this.places);
    // Whoever looks at the inside of a right hand sees root, index finger, ..., little finger counterclockwise.
    const [first, second] = side === "right" ? [1, 2] : [2, 1];
    const fan = corners.slice(2).map((_, index) => [0, index + first, index + second]);
    geometry.setIndex(fan.flat());
    this.uniforms = { ...surroundings, palm: { value: null }, back: { value: null } };
    const material = new ShaderMaterial({
      vertexShader: PALM_VERTEX,
      fragmentShader: PALM_FRAGMENT,
      uniforms: this.uniforms,
      side: DoubleSide,
    });
    this.group = new Mesh(geometry, material);
    this.group.frustumCulled = false;
  }

  show(positions, seen) {
    this.group.visible = this.corners.every((joint) => seen[joint]);
    if (!this.group.visible) return;
    this.corners.forEach((joint, index) => {
      const [x, y, z] = positions.subarray(3 * joint, 3 * joint + 3);
      this.places.setXYZ(index, x, y, z);
    });
    this.places.needsUpdate = true;
  }

  paint(colors) {
    this.uniforms.palm.value = colors[`${this.side}_palm`];
    this.uniforms.back.value = colors[this.side];
  }

  dispose() {
    this.group.geometry.dispose();
    this.group.material.dispose();
  }
}
