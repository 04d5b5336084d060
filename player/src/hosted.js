// The player as a part of a page of others, which gives it scenes while they are being made.

import { Player } from "./player.js";
import { bytes, readScene, readShow } from "./show.js";

/**
 * Put a player into an element. `show`: skeleton, scenes and, where there is one, the avatar {file, scale, turn, origin},
 * `file` as bytes. `options`: language, dark. What it returns is all that the page may do with it.
 */
export function openPlayer(place, show, options) {
  const player = new Player(place, readShow({ format: 1, autoplay: false, avatar: null, ...show }), { ...options, hosted: true });
  return Object.freeze({
    report: player.report(),
    /** Show a scene; its clips may be `growing`. */
    load: (scene) => player.load(readScene(scene, show.skeleton)),
    /**
     * Floats in base64 (frames x joints x 3) are the next frames of a clip; `motion`: how an avatar's bones turn; `missing`:
     * bits in base64 (frames x joints) of joints that are not seen.
     */
    append: (clip, poses, motion, missing) =>
      player.append(clip, poses ? new Float32Array(bytes(poses).buffer) : new Float32Array(0), motion, missing),
    /** A clip has all its frames. */
    finish: (clip) => player.finish(clip),
    /** When each part of the text is signed: {text, start, end} in seconds. */
    segment: (segments) => player.segment(segments),
    play: (on) => player.play(on),
    speak: (language) => player.speak(language),
    darken: (dark) => player.darken(dark),
  });
}
