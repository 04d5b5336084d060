// The picture: one canvas with a panel for each signer, all seen by one camera that goes around them.

import { MOUSE, PerspectiveCamera, Scene as World, Spherical, Vector3, WebGLRenderer } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { newSurroundings } from "./capsules.js";
import { figureOf } from "./figures.js";
import { AVATAR, SKELETON } from "./kinds.js";
import { drawsByProcessor, pixelsAside } from "./pace.js";
import { palette } from "./palette.js";
import { ClipHands, Trails } from "./trails.js";

const FIELD = 26; // degrees from the top of a panel to its bottom
const SETTLE_MS = 200; // after the last turn, the picture stands still

export const VIEWS = {
  front: [0, 0, 1],
  side: [-1, 0, 0], // of the signer's right, as in the videos
  top: [0, 1, 0.0001],
};

export class Stage {
  /** `show` has the skeleton, and the avatar where there is one. */
  constructor(canvas, show) {
    this.canvas = canvas;
    this.parts = show;
    this.kind = SKELETON;
    this.software = drawsByProcessor();
    this.turned = -Infinity; // when the camera last moved, in milliseconds
    this.renderer = new WebGLRenderer({ canvas, antialias: !this.software, alpha: true });
    this.renderer.setClearColor(0x000000, 0);
    this.renderer.setScissorTest(true);
    this.renderer.autoClear = false;
    this.camera = new PerspectiveCamera(FIELD, 1, 0.1, 100);
    this.controls = new OrbitControls(this.camera, canvas);
    Object.assign(this.controls, { enableDamping: false, minDistance: 0.8, maxDistance: 30, zoomSpeed: 0.8 });
    this.controls.mouseButtons = { LEFT: MOUSE.ROTATE, MIDDLE: MOUSE.DOLLY, RIGHT: MOUSE.PAN };
    this.controls.addEventListener("change", () => this.moved());
    this.surroundings = newSurroundings();
    this.panels = [];
    this.view = "front";
    this.mirrored = false;
    this.trails = false;
    this.stale = true;
    this.theme = "light";
    this.paint(this.theme);
  }

  /** Put a scene's signers into panels and look at them from where one looked at those before. */
  load(scene) {
    this.clear();
    this.panels = scene.clips.map((clip) => this.panelOf(clip));
    this.box = scene.box;
    this.center = new Vector3(scene.box.left + scene.box.side / 2, -scene.box.top - scene.box.side / 2, scene.depth);
    this.layOut();
    this.look(this.view ?? "front");
    this.paint(this.theme);
  }

  clear() {
    for (const { figure, trail } of this.panels) {
      figure.dispose();
      trail.dispose();
    }
  }

  /** Let skeletons sign, or avatars. */
  cast(kind) {
    this.kind = kind;
    this.clear();
    this.panels = this.panels.map(({ clip, area }) => ({ ...this.panelOf(clip), area }));
    this.paint(this.theme);
  }

  panelOf(clip) {
    const world = new World();
    const figure = figureOf(this.kind, clip, this.parts, this.surroundings);
    // A person's hands are not quite where the clip has them.
    const hands = figure.where ? figure : new ClipHands(clip, this.parts.skeleton);
    const trail = new Trails(hands, clip.fps, this.surroundings);
    world.add(figure.group, trail.group);
    return { clip, world, figure, trail, missing: 0, area: { left: 0, top: 0, width: 1, height: 1 }, ended: false, frame: 0 };
  }

  /** Divide the canvas into equal panels, as large as they can be. */
  layOut() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height || !this.panels.length) return;
    this.height = height;
    this.renderer.setSize(width, height, false);
    const count = this.panels.length;
    const sizes = Array.from({ length: count }, (_, index) => {
      const columns = index + 1;
      const rows = Math.ceil(count / columns);
      return { columns, rows, size: Math.min(width / columns, height / rows) };
    });
    const { columns, rows } = sizes.reduce((best, one) => (one.size > best.size ? one : best));
    this.panels.forEach((panel, index) => {
      const [column, row] = [index % columns, Math.floor(index / columns)];
      panel.area = {
        left: (column * width) / columns,
        top: (row * height) / rows,
        width: width / columns,
        height: height / rows,
      };
    });
    const { area } = this.panels[0];
    this.camera.aspect = area.width / area.height;
    this.camera.updateProjectionMatrix();
    this.stale = true;
  }

  /** How far away the camera must be for the whole box to be seen. */
  get distance() {
    const half = this.box.side / 2;
    const tangent = Math.tan((FIELD * Math.PI) / 360) * Math.min(1, this.camera.aspect);
    return half / tangent + 0.15; // hands that come nearer look larger
  }

  /** Look from one of the named sides, at the whole signer. */
  look(view) {
    this.controls.target.copy(this.center);
    this.camera.position.fromArray(VIEWS[view]).multiplyScalar(this.distance).add(this.center);
    this.controls.update();
    this.moved(view);
  }

  /** Go around the signer by angles in radians: to the right and up. */
  turn(right, up) {
    const from = new Spherical().setFromVector3(this.camera.position.clone().sub(this.controls.target));
    from.theta += right;
    from.phi = Math.max(0.01, Math.min(Math.PI - 0.01, from.phi - up));
    this.camera.position.setFromSpherical(from).add(this.controls.target);
    this.controls.update();
  }

  /** Come nearer (factors below 1) or go away. */
  zoom(factor) {
    const { position } = this.camera;
    const { target, minDistance, maxDistance } = this.controls;
    const distance = Math.max(minDistance, Math.min(maxDistance, position.distanceTo(target) * factor));
    position.sub(target).setLength(distance).add(target);
    this.controls.update();
  }

  /** The camera stands elsewhere: where a named view is from, or anywhere. */
  moved(view = null) {
    this.view = view;
    this.turned = view === null ? performance.now() : -Infinity;
    this.stale = true;
  }

  /** Put a joint into the middle, seen from the same side. */
  centerOn(panel, joint) {
    const place = [0, 0, 0];
    if (!panel.clip.position(Math.floor(panel.frame + 1e-6), joint, place)) return;
    const to = new Vector3(...place).applyMatrix4(panel.world.matrixWorld);
    this.camera.position.add(to).sub(this.controls.target);
    this.controls.target.copy(to);
    this.controls.update();
  }

  /** As in a mirror, or not. */
  mirror(on) {
    this.mirrored = on;
    this.stale = true;
  }

  /** Take on a theme: light, dark or high. */
  paint(theme) {
    this.theme = theme;
    // A person has colours of its own, dark ones among them, and stands on a light ground.
    const colors = palette(this.kind === AVATAR ? "light" : theme);
    this.surroundings.background.value = colors.background;
    this.surroundings.ink.value = colors.ink;
    this.surroundings.thickest.value = theme === "high" ? 0.3 : 0.42;
    for (const { figure, trail } of this.panels) {
      figure.paint(colors);
      trail.paint(colors);
    }
    this.stale = true;
  }

  /** Let every signer stand as at a time; `whole`: at a frame of its own, not between two. */
  show(scene, time, aligned, whole) {
    for (const panel of this.panels) {
      const { frame, ended } = panel.clip.frameAt(time, aligned, scene.reference);
      panel.frame = whole ? Math.floor(frame + 1e-6) : frame;
      panel.ended = ended;
      panel.figure.show(panel.frame);
      if (this.trails) panel.trail.show(panel.frame);
    }
    this.stale = true;
  }

  /** Draw, where anything has changed; `playing`: it will change again at once. */
  draw(playing, now) {
    this.sharpen(playing || now - this.turned < SETTLE_MS);
    if (!this.stale) return false;
    this.stale = false;
    const { renderer, camera, height } = this;
    const away = camera.position.distanceTo(this.controls.target);
    this.surroundings.haze.value = [away - 0.5, away + 1.3];
    const wide = (this.renderer.getPixelRatio() * this.panels[0]?.area.height) / (2 * away * Math.tan((FIELD * Math.PI) / 360));
    for (const { world, trail, figure, area } of this.panels) {
      figure.refine(wide);
      if (this.trails) trail.refine(wide);
      const bottom = height - area.top - area.height;
      renderer.setViewport(area.left, bottom, area.width, area.height);
      renderer.setScissor(area.left, bottom, area.width, area.height);
      trail.group.visible = this.trails;
      world.scale.x = this.mirrored ? -1 : 1;
      world.position.x = this.mirrored ? 2 * this.center.x : 0;
      renderer.clear();
      renderer.render(world, camera);
    }
    return true;
  }

  /** Give the canvas as many pixels as the machine can draw while the picture moves, and more while it stands still. */
  sharpen(moving) {
    const pixels = pixelsAside(this.software, moving);
    if (pixels === this.renderer.getPixelRatio() || !this.height) return;
    this.renderer.setPixelRatio(pixels); // which empties the canvas
    this.stale = true;
  }

  /** Where a joint of a panel's signer is on the canvas, in its pixels; null where it is missing. */
  onCanvas(panel, joint) {
    const { clip, frame, world, area } = panel;
    const place = [0, 0, 0];
    if (!clip.position(Math.floor(frame + 1e-6), joint, place)) return null;
    const seen = new Vector3(...place).applyMatrix4(world.matrixWorld).project(this.camera);
    return {
      x: area.left + ((seen.x + 1) / 2) * area.width,
      y: area.top + ((1 - seen.y) / 2) * area.height,
    };
  }

  /** The joint nearest to a point of the canvas, at most `reach` pixels away: {panel, joint, x, y}, or null. */
  jointAt(x, y, reach) {
    const inside = ({ area }) => x >= area.left && x < area.left + area.width && y >= area.top && y < area.top + area.height;
    const panel = this.panels.find(inside);
    let found = null;
    // On a person the joints are not quite where the clip has them.
    for (let joint = 0; panel && this.kind !== AVATAR && joint < panel.clip.joints; joint++) {
      const at = this.onCanvas(panel, joint);
      const away = at ? Math.hypot(at.x - x, at.y - y) : Infinity;
      if (away <= reach) {
        reach = away;
        found = { panel, joint, ...at };
      }
    }
    return found;
  }
}
