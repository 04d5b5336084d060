// Which kind of figure signs a clip. A figure has `group`, `show(frame)`, `paint(colors)` and `dispose()`.

import { SkeletonFigure } from "./skeleton.js";

/** The figure of a clip. */
export function figureOf(clip, skeleton, surroundings) {
  return new SkeletonFigure(clip, skeleton, surroundings);
}
