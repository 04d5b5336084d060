// Many tapered limbs with round ends in one drawing call, each with a rim in the background's colour around it, so that
// fingers that cross stay apart.

import {
  BackSide,
  BufferAttribute,
  Color,
  DynamicDrawUsage,
  FrontSide,
  Group,
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  Mesh,
  ShaderMaterial,
} from "three";

// By how many pixels the thickest limb is wide: corners of its section, and rings from its end to where it is widest. An
// edge is at most half a pixel beside the circle (radius (1 - cos(pi / sides))). Corners cost most where the processor draws.
const DETAILS = [
  { radius: 4, sides: 6, rings: 1 },
  { radius: 9, sides: 10, rings: 2 },
  { radius: 18, sides: 14, rings: 4 },
  { radius: 50, sides: 22, rings: 6 },
  { radius: Infinity, sides: 32, rings: 8 },
];

const VERTEX = /* glsl */ `
  attribute vec4 start; // xyz, and 1 where the limb is seen
  attribute vec3 end;
  attribute vec2 radii;
  attribute vec3 tint;
  attribute float edge; // 1 where the rim is drawn in ink
  attribute float atEnd;
  uniform float rim;
  uniform vec3 background;
  uniform vec3 ink;
  varying vec3 vTint;
  varying vec3 vNormal;
  varying float vDepth;

  void main() {
    vec3 along = end - start.xyz;
    float size = length(along);
    vec3 w = size > 1e-6 ? along / size : vec3(0.0, 0.0, 1.0);
    vec3 u = normalize(cross(w, abs(w.y) < 0.9 ? vec3(0.0, 1.0, 0.0) : vec3(1.0, 0.0, 0.0)));
    vec3 v = cross(w, u);
    vec3 direction = u * position.x + v * position.y + w * position.z;
    float radius = (mix(radii.x, radii.y, atEnd) + rim) * start.w;
    vec3 place = mix(start.xyz, end, atEnd) + direction * radius;
    vec4 seen = modelViewMatrix * vec4(place, 1.0);
    vNormal = normalMatrix * direction;
    vDepth = -seen.z;
    vTint = rim > 0.0 ? mix(background, ink, edge) : tint;
    gl_Position = projectionMatrix * seen;
  }
`;

// Light from above on the left of whoever looks; what is further away fades towards the background.
export const SHADE = /* glsl */ `
  uniform vec3 background;
  uniform vec2 haze; // distances at which it begins and at which it is thickest
  uniform float thickest;

  vec3 shade(vec3 tint, vec3 normal, float depth) {
    float light = 0.5 + 0.5 * dot(normal, normalize(vec3(-0.35, 0.65, 0.7)));
    vec3 lit = tint * (0.66 + 0.42 * light) + 0.06 * pow(light, 12.0);
    return mix(lit, background, thickest * smoothstep(haze.x, haze.y, depth));
  }
`;

const FRAGMENT = /* glsl */ `
  ${SHADE}
  uniform float rim;
  varying vec3 vTint;
  varying vec3 vNormal;
  varying float vDepth;

  void main() {
    vec3 tint = rim > 0.0 ? vTint : shade(vTint, normalize(vNormal), vDepth);
    gl_FragColor = vec4(tint, 1.0);
  }
`;

/** What all figures' colours share: the stage sets it when the view or the contrast changes. */
export function newSurroundings() {
  return {
    background: { value: new Color() },
    ink: { value: new Color() },
    haze: { value: [5, 8] },
    thickest: { value: 0.4 },
  };
}

/** `count` limbs; add `group` to a scene. `rim`: how wide, 0 for none. */
export class Capsules {
  constructor(count, surroundings, rim) {
    this.group = new Group();
    this.count = count;
    this.widest = 0;
    this.attributes = {};
    this.geometries = new Map(); // of each detail that was needed so far
    const add = (name, size) => {
      const attribute = new InstancedBufferAttribute(new Float32Array(count * size), size);
      attribute.setUsage(DynamicDrawUsage);
      this.attributes[name] = attribute;
      return attribute;
    };
    this.start = add("start", 4);
    this.end = add("end", 3);
    this.radii = add("radii", 2);
    this.tint = add("tint", 3);
    this.edge = add("edge", 1);
    for (const [side, width] of rim > 0 ? [[BackSide, rim], [FrontSide, 0]] : [[FrontSide, 0]]) {
      const uniforms = { ...surroundings, rim: { value: width } };
      const material = new ShaderMaterial({ vertexShader: VERTEX, fragmentShader: FRAGMENT, uniforms, side });
      const mesh = new Mesh(this.geometry(DETAILS[0]), material);
      mesh.frustumCulled = false; // the limbs' places are known to the graphics card alone
      this.group.add(mesh);
    }
  }

  /** The limbs in a detail. */
  geometry(detail) {
    if (!this.geometries.has(detail)) {
      const made = template(detail);
      made.instanceCount = this.count;
      for (const [name, attribute] of Object.entries(this.attributes)) made.setAttribute(name, attribute);
      this.geometries.set(detail, made);
    }
    return this.geometries.get(detail);
  }

  /** Have as many corners as are seen where a shoulder width is so many pixels. */
  refine(pixels) {
    const detail = DETAILS.find(({ radius }) => this.widest * pixels < radius);
    for (const mesh of this.group.children) mesh.geometry = this.geometry(detail);
  }

  /** Thickness at both ends. */
  setRadii(index, start, end) {
    this.widest = Math.max(this.widest, start, end);
    this.radii.setXY(index, start, end);
    this.radii.needsUpdate = true;
  }

  setColor(index, color, edge = 0) {
    this.tint.setXYZ(index, color.r, color.g, color.b);
    this.edge.setX(index, edge);
    this.tint.needsUpdate = this.edge.needsUpdate = true;
  }

  /** From one point to another: offsets into an array of coordinates. */
  place(index, positions, from, to) {
    this.start.setXYZW(index, positions[from], positions[from + 1], positions[from + 2], 1);
    this.end.setXYZ(index, positions[to], positions[to + 1], positions[to + 2]);
  }

  hide(index) {
    this.start.setW(index, 0);
  }

  /** After the last `place` or `hide` of a frame. */
  placed() {
    this.start.needsUpdate = this.end.needsUpdate = true;
  }

  dispose() {
    for (const mesh of this.group.children) mesh.material.dispose();
    for (const geometry of this.geometries.values()) geometry.dispose();
  }
}

/** A ball that is cut in two: `position` is a direction, `atEnd` says to which end of the limb it belongs. */
function template({ sides, rings }) {
  const directions = [];
  const atEnd = [];
  for (const end of [0, 1]) {
    for (let ring = 0; ring <= rings; ring++) {
      const height = ((Math.PI / 2) * (end ? ring : ring - rings)) / rings;
      for (let side = 0; side < sides; side++) {
        const angle = (2 * Math.PI * side) / sides;
        directions.push(Math.cos(angle) * Math.cos(height), Math.sin(angle) * Math.cos(height), Math.sin(height));
        atEnd.push(end);
      }
    }
  }
  const faces = [];
  for (let ring = 0; ring < 2 * rings + 1; ring++) {
    for (let side = 0; side < sides; side++) {
      const next = (side + 1) % sides;
      const [a, b] = [ring * sides + side, ring * sides + next];
      faces.push(a, b, b + sides, a, b + sides, a + sides);
    }
  }
  const geometry = new InstancedBufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(directions), 3));
  geometry.setAttribute("atEnd", new BufferAttribute(new Float32Array(atEnd), 1));
  geometry.setIndex(faces);
  return geometry;
}
