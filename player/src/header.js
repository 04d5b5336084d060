// What is signed, which of several clips it is, and in which language the page speaks.

import { element, icon } from "./dom.js";
import { GESTURES, KEYS } from "./words.js";

const BACK = "M15.5 4.5L8 12l7.5 7.5";
const ONWARD = "M8.5 4.5L16 12l-7.5 7.5";
const HALF = "M12 3a9 9 0 1 0 0 18z M12 3a9 9 0 0 1 0 18";

export class Header {
  /** `player` has open(index), contrast() and speak(). */
  constructor(player, scenes) {
    this.text = element("h1", {});
    this.gloss = element("p", { class: "gloss" });
    this.facts = element("p", { class: "facts" });
    this.groups = grouped(scenes);
    const listed = this.groups.flatMap(({ heading, options }) => (heading ? [heading] : options));
    this.choice = element("select", { on: { change: () => player.open(Number(this.choice.value)) } }, ...listed);
    this.back = button(icon(BACK), () => player.open(player.index - 1));
    this.onward = button(icon(ONWARD), () => player.open(player.index + 1));
    this.clips = element("div", { class: "clips group", hidden: scenes.length < 2 }, this.back, this.choice, this.onward);
    this.contrast = button(icon(HALF), () => player.contrast());
    this.help = button("?", () => this.dialog.showModal());
    this.language = button("", () => player.speak());
    this.close = button("", () => this.dialog.close());
    this.helpTitle = element("h2", {});
    this.helpList = element("dl", {});
    this.precision = element("p", {});
    const parts = [this.helpTitle, this.helpList, this.precision, this.close];
    this.dialog = element("dialog", { "aria-labelledby": "signllm-help" }, ...parts);
    this.helpTitle.id = "signllm-help";
    this.tools = element("div", { class: "group tools" }, this.contrast, this.help, this.language);
    const words = element("div", { class: "words" }, this.text, this.gloss, this.facts);
    this.element = element("header", {}, words, element("div", { class: "choices" }, this.clips, this.tools));
  }

  /** Say everything anew: of another scene, or in another language. */
  update(scene, index, count, state, say) {
    this.text.textContent = scene.text || scene.name;
    this.text.lang = scene.textLanguage ?? "";
    this.gloss.textContent = scene.gloss ?? "";
    this.gloss.hidden = !scene.gloss || Boolean(scene.segments?.length);
    for (const { heading, name } of this.groups) if (heading) heading.label = name[state.language];
    this.facts.textContent = [scene.language, scene.note[state.language], scene.isFlat ? say("flatHint") : ""].filter(Boolean).join(" · ");
    this.precision.textContent = say("precision", { error: scene.error.toFixed(5) });
    this.choice.value = String(index);
    this.back.disabled = index === 0;
    this.onward.disabled = index === count - 1;
    for (const [made, key] of [[this.back, "previous"], [this.onward, "next"], [this.contrast, "contrast"], [this.help, "help"]]) {
      made.setAttribute("aria-label", say(key));
      made.title = say(key);
    }
    this.contrast.setAttribute("aria-pressed", state.highContrast);
    this.choice.setAttribute("aria-label", say("clip"));
    this.language.textContent = say("language");
    this.language.lang = state.language === "en" ? "zh" : "en";
    this.helpTitle.textContent = say("help");
    this.close.textContent = say("close");
    const column = state.language === "en" ? 1 : 2;
    const keys = KEYS.map((row) => [row[0], row[column]]);
    const gestures = GESTURES.map((row) => [row[0][column - 1], row[column]]);
    const rows = [...keys, ...gestures];
    this.helpList.replaceChildren(...rows.flatMap(([how, what]) => [element("dt", {}, how), element("dd", {}, what)]));
  }
}

function button(content, click) {
  return element("button", { type: "button", on: { click } }, content);
}

/** The scenes as options, in groups of the same name: {name, heading, options}; no heading where there is no name. */
function grouped(scenes) {
  const groups = new Map();
  scenes.forEach((scene, index) => {
    const { en } = scene.group;
    if (!groups.has(en)) groups.set(en, { name: scene.group, heading: en ? element("optgroup") : null, options: [] });
    const { heading, options } = groups.get(en);
    options.push(element("option", { value: index }, scene.name));
    heading?.append(options.at(-1));
  });
  return [...groups.values()];
}
