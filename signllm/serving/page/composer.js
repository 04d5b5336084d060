// The form: what is to be signed, by which model and how.

import { byId, element, fill } from "./dom.js";

export class Composer {
  /** `start`: what the server began the page with. `app` has language, say(key) and submit(). */
  constructor(app, start) {
    this.app = app;
    this.models = new Map(start.models.map((model) => [model.name, model]));
    this.modes = start.modes;
    this.names = start.languageNames;
    this.limit = start.limits.max_characters;
    this.form = byId("composer");
    this.text = byId("text");
    this.fault = byId("fault");
    this.mode = byId("mode");
    this.model = byId("model");
    this.beside = byId("beside");
    this.signLanguage = byId("sign-language");
    this.decoderOptions = byId("decoder-options");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      app.submit();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      app.submit();
    });
    this.text.addEventListener("input", () => this.accuse(null));
    this.mode.addEventListener("change", () => this.update());
    this.model.addEventListener("change", () => this.update());
    this.beside.addEventListener("change", () => this.update());
    this.signLanguage.addEventListener("change", () => this.showExamples());
    this.update();
  }

  get chosen() {
    return this.models.get(this.model.value);
  }

  /** Say everything anew, and offer what the chosen model has. */
  update() {
    const { app } = this;
    fill(this.mode, [["", app.say("modeAny")], ...this.modes.map((mode) => [mode, mode])]);
    const fitting = [...this.models.values()].filter((model) => !this.mode.value || model.mode === this.mode.value);
    fill(this.model, fitting.map((model) => [model.name, model.name]));
    const others = [...this.models.keys()].filter((name) => name !== this.model.value);
    fill(this.beside, [["", app.say("single")], ...others.map((name) => [name, name])]);
    byId("mode-field").hidden = this.modes.length < 2;
    byId("model-row").hidden = this.models.size < 2;
    const { mode, languages, draws } = this.chosen;
    const choices = languages.map(({ code }) => [code, `${this.names[code]} (${code})`]);
    if (mode === "prompt2langgloss") choices.unshift(["", app.say("readPrompt")]);
    fill(this.signLanguage, choices);
    if (mode === "prompt2langgloss" && !this.wasPrompt) this.signLanguage.value = languages[0].code;
    this.wasPrompt = mode === "prompt2langgloss";
    byId("seed-field").hidden = !draws && !this.models.get(this.beside.value)?.draws;
    this.text.placeholder = app.say("placeholder");
    byId("hint").textContent = app.say("shortcut", { characters: this.limit });
    this.offerOptions();
    this.showExamples();
  }

  offerOptions() {
    const before = this.options;
    const rows = Object.entries(this.chosen.options).map(([name, option]) => {
      const what = this.app.language === "zh" ? option.chinese : option.english;
      const input = element("input", {
        type: "number",
        id: `option-${name}`,
        "data-option": name,
        min: option.least,
        max: option.most,
        step: option.whole ? 1 : "any",
        placeholder: String(option.default),
        "aria-describedby": `about-${name}`,
      });
      if (name in before) input.value = before[name];
      const about = `${what} · ${this.app.say("optionDefault", { value: option.default })}`;
      return element("div", { class: "field" },
        element("label", { for: input.id }, name.replaceAll("_", " ")), input,
        element("small", { id: `about-${name}` }, about));
    });
    this.decoderOptions.replaceChildren(...rows);
  }

  showExamples() {
    const { languages, examples } = this.chosen;
    const code = this.signLanguage.value || languages[0].code;
    const spoken = languages.find((language) => language.code === code)?.spoken;
    const buttons = (examples[code] ?? []).map((text) =>
      element("button", {
        type: "button",
        class: "chip",
        lang: spoken,
        "aria-label": this.app.say("example", { text }),
        on: { click: () => this.use(text) },
      }, text));
    byId("examples").setAttribute("aria-label", this.app.say("examples"));
    byId("examples").replaceChildren(...buttons);
  }

  /** Take an example and sign it. */
  use(text) {
    this.text.value = text;
    this.app.submit();
  }

  /** The decoder's options that the visitor set. */
  get options() {
    const inputs = [...this.decoderOptions.querySelectorAll("input")].filter((input) => input.value !== "");
    return Object.fromEntries(inputs.map((input) => [input.dataset.option, Number(input.value)]));
  }

  /** One request for each model; an empty list, and a word about it, where the form cannot be used. */
  requests() {
    const text = this.text.value.trim();
    if (!text) return this.accuse(this.app.say("empty"));
    if (text.length > this.limit) {
      return this.accuse(this.app.say("tooLong", { length: text.length, characters: this.limit }));
    }
    this.accuse(null);
    const names = [this.model.value, this.beside.value].filter(Boolean);
    return names.map((name) => this.requestOf(name, text));
  }

  requestOf(name, text) {
    const model = this.models.get(name);
    const code = this.signLanguage.value;
    const request = { text, model: name, avatar: this.app.hasAvatar };
    if (code && model.languages.some((language) => language.code === code)) request.language = code;
    else if (code && model.mode === "mlsf") request.language = model.languages[0].code;
    if (model.draws) request.seed = Math.max(0, Math.trunc(Number(byId("seed").value) || 0));
    const given = Object.entries(this.options).filter(([option]) => option in model.options);
    if (given.length) request.options = Object.fromEntries(given);
    if (!byId("split").checked) request.split = false;
    if (byId("strict").checked) request.strict = true;
    return request;
  }

  /** Say by the text what is wrong with it, or nothing. */
  accuse(words) {
    this.fault.hidden = !words;
    this.fault.textContent = words ?? "";
    this.text.setAttribute("aria-invalid", Boolean(words));
    if (words) this.text.focus();
    return [];
  }
}
