// How finely the picture is drawn, so that it moves smoothly on any machine.
//
// Without a graphics card the processor draws every pixel, and smoothing edges costs it as much as all the rest. There a
// picture that stands still is drawn with twice as many pixels on each side, and one that moves as it is.

const MOST_PIXELS = 2; // of the canvas, on each side of a pixel of the page
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Pixels of the canvas on each side of a pixel of the page. */
export function pixelsAside(isSoftware, moving) {
  const own = Math.min(window.devicePixelRatio, MOST_PIXELS);
  if (!isSoftware) return own;
  return moving ? Math.min(own, 1) : MOST_PIXELS;
}

/** Whether the browser has no graphics card to draw with. */
export function drawsByProcessor() {
  const context = document.createElement("canvas").getContext("webgl2");
  const names = context?.getExtension("WEBGL_debug_renderer_info");
  const name = names ? context.getParameter(names.UNMASKED_RENDERER_WEBGL) : "";
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return SOFTWARE.test(name);
}
