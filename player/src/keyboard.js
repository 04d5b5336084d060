// Everything by keyboard alone.

const TURN = Math.PI / 24;
const NEARER = 0.9;

/** What a key does. `player` is the Player. */
function action(player, event) {
  if (event.shiftKey) {
    switch (event.key) {
      case "ArrowLeft": return () => player.turn(-TURN, 0);
      case "ArrowRight": return () => player.turn(TURN, 0);
      case "ArrowUp": return () => player.turn(0, TURN);
      case "ArrowDown": return () => player.turn(0, -TURN);
    }
  }
  switch (event.key) {
    case " ": return () => player.toggle();
    case "ArrowLeft": return () => player.step(-1);
    case "ArrowRight": return () => player.step(1);
    case "Home": return () => player.goTo(0);
    case "End": return () => player.goTo(Infinity);
    case "PageUp": return () => player.open(player.index - 1);
    case "PageDown": return () => player.open(player.index + 1);
    case "1": return () => player.look("front");
    case "2": return () => player.look("side");
    case "3": return () => player.look("top");
    case "+": case "=": return () => player.zoom(NEARER);
    case "-": case "−": return () => player.zoom(1 / NEARER);
    case "[": return () => player.changeSpeed(-1);
    case "]": return () => player.changeSpeed(1);
    case "f": case "F": return () => player.otherFigure();
    case "?": return () => player.help();
  }
  const flips = { m: "mirror", l: "loop", t: "trails", a: "aligned", s: "smooth" };
  const letter = event.key.toLowerCase();
  if (letter in flips) return () => player.flip(flips[letter]);
  if (letter === "c") return () => player.contrast();
  return null;
}

/** Listen to the keys of the page, or of a part of it, as far as the element in focus does not need them itself. */
export function listen(player, where) {
  where.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const own = event.target.closest("select, input, button, textarea");
    if (own?.matches("select, textarea")) return;
    if (own?.matches("input") && !event.shiftKey && /^(Arrow|Home|End|Page)/.test(event.key)) return;
    if (own?.matches("button") && (event.key === " " || event.key === "Enter")) return;
    const found = action(player, event);
    if (!found) return;
    event.preventDefault();
    found();
  });
}
