// Colours. Right is blue and left is orange: the pair that all common kinds of colour blindness keep apart. Within a hand
// neighbouring fingers alternate in lightness, so that they are told apart without hue as well. The normal colours are
// those of the videos; a test compares them with signllm/viewing/drawing.py.

import { Color } from "three";

const NORMAL = {
  background: "#f7f8fa",
  ink: "#545c68",
  body: "#545c68",
  head: "#e3e7ed",
  nose: "#8a93a0",
  right: "#0060aa",
  left: "#ce5800",
  right_palm: "#a9cdea",
  left_palm: "#f5c9a3",
  right_fingers: ["#162470", "#0080d6", "#005678", "#1eb2c4", "#5c48be"],
  left_fingers: ["#741e14", "#e87000", "#963e00", "#e2a400", "#ce3260"],
};

// On black; every colour has a contrast of at least 4.5 against it.
const HIGH = {
  background: "#000000",
  ink: "#ffffff",
  body: "#e6e6e6",
  head: "#3c3c3c",
  nose: "#ffffff",
  right: "#4db8ff",
  left: "#ffa64d",
  right_palm: "#d6efff",
  left_palm: "#ffe6cc",
  right_fingers: ["#7d9cff", "#b8e6ff", "#2fa3e6", "#8ff5ff", "#b39dff"],
  left_fingers: ["#ff7f6b", "#ffd9a8", "#ff9433", "#fff08a", "#ff8ab8"],
};

// On a dark page.
const DARK = {
  ...HIGH,
  background: "#1b2027",
  ink: "#aab4c2",
  body: "#aab4c2",
  head: "#3a4350",
  nose: "#c3ccd8",
};

const THEMES = { light: NORMAL, dark: DARK, high: HIGH };

/** The named colours as three.js wants them for our own shaders: as they stand, not made linear. */
export function palette(theme) {
  const colors = {};
  const names = THEMES[theme];
  for (const [name, value] of Object.entries(names)) {
    if (!Array.isArray(value)) colors[name] = asIs(value);
    else value.forEach((one, finger) => (colors[name.replace("fingers", String(finger))] = asIs(one)));
  }
  return colors;
}

function asIs(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  return Object.assign(new Color(), { r, g, b });
}
