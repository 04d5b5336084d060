// Which kind of figure signs a clip. A figure has `group`, `show(frame)`, `refine(pixels)`, `paint(colors)` and
// `dispose()`, and `where(hand, frame, target)` where its hands are elsewhere than the clip's.

import { AvatarFigure } from "./avatar.js";
import { AVATAR } from "./kinds.js";
import { SkeletonFigure } from "./skeleton.js";

/** The figure of a clip; a skeleton where the page has no avatar, or no motion for it. */
export function figureOf(kind, clip, { skeleton, avatar }, surroundings) {
  if (kind === AVATAR && avatar?.person && clip.motion) return new AvatarFigure(avatar, clip);
  return new SkeletonFigure(clip, skeleton, surroundings);
}
