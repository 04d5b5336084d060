// What a signer is drawn of: which joints a limb joins, how thick it is, and which of the palette's colours it has.
// Thickness is in shoulder widths, and like that of the videos (signllm/viewing/drawing.py).

export const FINGERS = ["thumb", "index", "middle", "ring", "little"];

const TRUNK = 0.034;
const SHOULDER = 0.046;
const ELBOW = 0.038;
const WRIST = 0.027;
const PALM = 0.014;
const FINGER_START = 0.0205;
const FINGER_END = 0.0135;

/** Every limb of a skeleton: {from, to, start, end, color}; the head is not among them. */
export function strokesOf(skeleton) {
  const strokes = [];
  const { joints, parents } = skeleton;
  joints.forEach((name, to) => {
    const from = parents[to];
    if (from < 0 || name === "nose") return;
    const side = sideOf(name);
    const finger = FINGERS.indexOf(name.split("_")[1]);
    const knuckle = Number(name.split("_")[2]);
    if (finger >= 0 && knuckle > 1) {
      const [start, end] = [knuckle - 2, knuckle - 1].map((k) => FINGER_START + ((FINGER_END - FINGER_START) * k) / 3);
      strokes.push({ from, to, start, end, color: `${side}_${finger}` });
    } else if (finger >= 0) strokes.push({ from, to, start: PALM, end: PALM + 0.002, color: side });
    else if (name.endsWith("_elbow")) strokes.push({ from, to, start: SHOULDER, end: ELBOW, color: side });
    else if (name.endsWith("_wrist")) strokes.push({ from, to, start: ELBOW, end: WRIST, color: side });
    else if (name.endsWith("_hand_root")) strokes.push({ from, to, start: WRIST, end: WRIST * 0.9, color: side });
    else strokes.push({ from, to, start: TRUNK, end: TRUNK, color: "body" });
  });
  return strokes;
}

/** The corners of each palm, in order around it: the root of the hand, then the knuckles from index to little finger. */
export function palmsOf(skeleton) {
  return ["right", "left"].flatMap((side) => {
    const names = ["hand_root", "index_1", "middle_1", "ring_1", "little_1"].map((name) => `${side}_${name}`);
    const corners = names.map((name) => skeleton.joints.indexOf(name));
    return corners.includes(-1) ? [] : [{ side, corners }];
  });
}

export function sideOf(name) {
  return name.startsWith("right_") ? "right" : name.startsWith("left_") ? "left" : null;
}
