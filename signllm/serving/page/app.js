// The page: takes a text, lets the server sign it, and shows it while it comes.

import { Refused, beginning, download, sign } from "./api.js";
import { Composer } from "./composer.js";
import { byId, element } from "./dom.js";
import { History } from "./history.js";
import { Stage } from "./stage.js";
import { initialLanguage, remember, remembered, say } from "./words.js";

class App {
  constructor() {
    this.language = initialLanguage();
    const asked = remembered("theme");
    this.dark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    this.shown = null; // the entry on the stage
    this.running = null; // what stops it
    byId("language").addEventListener("click", () => this.speak(this.language === "en" ? "zh" : "en"));
    byId("theme").addEventListener("click", () => this.darken(!this.dark));
    this.sayAll();
  }

  say = (key, values) => say(this.language, key, values);

  /** Ask the server what there is, and set up form and stage. */
  async open() {
    const start = await beginning();
    this.start = start;
    const avatar = start.avatar ? await avatarOf(start.avatar.url) : null;
    this.hasAvatar = Boolean(avatar);
    this.composer = new Composer(this, start);
    this.history = new History(this);
    this.stage = new Stage(byId("player"), start, avatar, { language: this.language, dark: this.dark });
    this.sayAll();
    byId("text").focus({ preventScroll: true });
  }

  sayAll() {
    document.documentElement.lang = this.language;
    document.documentElement.dataset.theme = this.dark ? "dark" : "light";
    for (const part of document.querySelectorAll("[data-say]")) part.textContent = this.say(part.dataset.say);
    byId("language").textContent = this.say("language");
    byId("language").lang = this.language === "en" ? "zh" : "en";
    byId("theme").textContent = this.say(this.dark ? "light" : "dark");
    if (!this.stage) return;
    this.composer.update();
    this.history.update();
    byId("go").textContent = this.say(this.running ? "stop" : "go");
    this.showWords();
  }

  speak(language) {
    this.language = language;
    remember("language", language);
    this.stage?.player.speak(language);
    this.sayAll();
  }

  darken(dark) {
    this.dark = dark;
    remember("theme", dark ? "dark" : "light");
    this.stage?.player.darken(dark);
    this.sayAll();
  }

  /** Sign what stands in the form; or stop, where something is being signed. */
  async submit() {
    if (this.running) {
      this.running.abort();
      return;
    }
    const requests = this.composer.requests();
    if (!requests.length) return;
    const entry = this.entryOf(requests);
    this.running = new AbortController();
    byId("go").textContent = this.say("stop");
    this.shown = entry;
    this.showOn(entry);
    this.tell(this.say("signing"));
    seen(byId("player"));
    try {
      await Promise.all(entry.runs.map((run, index) => this.run(entry, run, index, requests[index])));
      this.history.add(entry);
      this.finish(entry);
    } catch (error) {
      this.fail(error, entry);
    } finally {
      this.running = null;
      byId("go").textContent = this.say("go");
    }
  }

  entryOf(requests) {
    const runs = requests.map(({ model }) => ({ name: model, events: [], facts: null }));
    const { language } = requests[0];
    const known = this.composer.models.get(requests[0].model).languages;
    const spoken = known.find(({ code }) => code === language)?.spoken ?? null;
    return { text: requests[0].text, code: language ?? "", spoken, runs, seconds: 0, begun: performance.now(), first: null };
  }

  async run(entry, run, index, request) {
    const { streams } = this.composer.models.get(run.name);
    const take = (event) => {
      run.events.push(event);
      if (event.event === "start") run.count = event.sentences.length;
      if (event.event === "frames" && entry.first === null) entry.first = (performance.now() - entry.begun) / 1000;
      if (event.event === "sentence") this.tellPart(run, event.sentence + 1);
      if (event.event === "done") run.facts = event;
      if (this.shown === entry) this.stage.take(index, event, streams);
    };
    try {
      await sign(request, take, this.running.signal);
    } catch (error) {
      this.running?.abort(error); // the other one is of no use alone
      throw error;
    }
  }

  tellPart(run, made) {
    if (run.count > 1 && made < run.count) this.tell(this.say("signingPart", { number: made + 1, count: run.count }));
  }

  showOn(entry) {
    const fps = ({ name }) => this.composer.models.get(name).fps;
    const many = entry.runs.length > 1;
    this.stage.begin(entry.text, entry.spoken, entry.runs.map((run) => ({ name: many ? run.name : "", fps: fps(run) })));
    this.showWords();
  }

  /** Everything has come. */
  finish(entry) {
    entry.seconds = Math.max(...entry.runs.map((run) => run.facts.seconds));
    entry.code = entry.runs[0].facts.language;
    this.stage.segment(segmentsOf(entry.runs[0]));
    this.showWords();
    this.history.update();
  }

  fail(error, entry) {
    entry.runs.forEach((_, index) => this.shown === entry && this.stage.end(index));
    if (error.name === "AbortError") this.tell(this.say("stopped"));
    else if (!(error instanceof Refused)) this.tell(this.say("offline"), true);
    else if (error.status === 422) {
      this.tell("");
      this.composer.accuse(error.fields.map(({ message }) => message).join(" "));
    } else if (error.status === 429) this.tell(this.say("busy", { seconds: error.retryAfter }), true);
    else this.tell(this.say("failed", { why: error.message }), true);
  }

  /** Show again what was signed before. */
  replay(entry) {
    if (this.running) this.running.abort();
    this.shown = entry;
    this.showOn(entry);
    entry.runs.forEach((run, index) => {
      const { streams } = this.composer.models.get(run.name);
      run.events.forEach((event) => this.stage.take(index, event, streams));
    });
    this.finish(entry);
  }

  tell(words, isBad = false) {
    byId("status").textContent = words;
    byId("status").classList.toggle("bad", isBad);
  }

  /** What is said of the clip on the stage: text, gloss, what the model did not know, files. */
  showWords() {
    const entry = this.shown;
    byId("said").textContent = entry?.text ?? this.say("rest");
    byId("said").classList.toggle("rest", !entry);
    byId("said").lang = entry?.spoken ?? this.language;
    const done = entry?.runs.filter((run) => run.facts) ?? [];
    const glosses = [...new Set(done.map(({ facts }) => facts.gloss).filter(Boolean))];
    byId("gloss").hidden = !glosses.length;
    byId("gloss").textContent = glosses.join(" / ");
    if (entry && done.length === entry.runs.length) this.tellFacts(entry);
    this.showNotes(done);
    this.showDownloads(done);
  }

  tellFacts(entry) {
    const name = this.start.languageNames[entry.code] ?? entry.code;
    const first = entry.first === null ? [] : [this.say("firstFrame", { seconds: entry.first.toFixed(2) })];
    this.tell([name, `${entry.seconds.toFixed(1)} s`, ...first].join(" · "));
  }

  showNotes(runs) {
    const many = runs.length > 1;
    const lines = runs.flatMap(({ name, facts }) =>
      facts.notes.map((note) => `${many ? `${name}: ` : ""}${this.language === "zh" ? note.chinese : note.message}`));
    const items = [...new Set(lines)].map((line) => element("li", {}, line));
    const box = byId("notes");
    box.hidden = !items.length;
    box.setAttribute("aria-label", this.say("noteTitle"));
    box.replaceChildren(element("strong", {}, this.say("noteTitle")), element("ul", {}, ...items));
  }

  showDownloads(runs) {
    const box = byId("downloads");
    box.hidden = !runs.length;
    box.replaceChildren(...runs.map(({ name, facts }) => {
      const title = runs.length > 1 ? `${this.say("download")} · ${name}` : this.say("download");
      const buttons = Object.entries(facts.files).map(([format, address]) =>
        element("button", { type: "button", class: "chip", "data-format": format, on: { click: (event) => this.fetch(event.currentTarget, format, address) } }, format));
      return element("div", { class: "formats", role: "group", "aria-label": title }, element("span", {}, title), ...buttons);
    }));
  }

  /** Let the server make a file, and save it. */
  async fetch(button, format, address) {
    button.disabled = true;
    this.tell(this.say("making", { format }));
    try {
      const { blob, name } = await download(address);
      const link = element("a", { href: URL.createObjectURL(blob), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      this.tellFacts(this.shown);
    } catch (error) {
      const words = error.status === 404 ? this.say("gone") : this.say("downloadFailed", { why: error.message });
      this.tell(error.status === 429 ? this.say("busy", { seconds: error.retryAfter }) : words, true);
    } finally {
      button.disabled = false;
      button.focus();
    }
  }
}

/** The sentences of a clip and when they are signed; nothing where there is only one. */
function segmentsOf({ events, facts }) {
  const sentences = events.filter(({ event }) => event === "sentence");
  if (sentences.length < 2) return [];
  return sentences.map(({ text, first, frames }) => ({ text, start: first / facts.fps, end: (first + frames) / facts.fps }));
}

/** Bring the stage into the window where it stands below it, as on a phone. */
function seen(place) {
  const { top } = place.getBoundingClientRect();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (top > innerHeight * 0.6) byId("said").scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}

async function avatarOf(address) {
  const answer = await fetch(address);
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
}

const app = new App();
// For tests and the curious: what the page shows, to be read and not to be written.
Object.defineProperty(window, "signllmDemo", { get: () => ({ player: app.stage?.player.report, running: Boolean(app.running), shown: app.shown?.text }) });
app.open().catch((error) => {
  byId("status").textContent = app.say("offline");
  byId("status").classList.add("bad");
  throw error;
});
