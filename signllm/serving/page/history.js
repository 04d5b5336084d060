// What was signed on this page, to be watched again. It is forgotten when the page is closed.

import { byId, element } from "./dom.js";

const MOST = 30;

export class History {
  /** `app` has say(key) and replay(entry). */
  constructor(app) {
    this.app = app;
    this.entries = [];
    byId("forget").addEventListener("click", () => {
      this.entries = [];
      this.update();
      byId("text").focus();
    });
  }

  add(entry) {
    this.entries = [entry, ...this.entries].slice(0, MOST);
    this.update();
  }

  update() {
    byId("history").hidden = !this.entries.length;
    byId("past").replaceChildren(...this.entries.map((entry) => element("li", {}, this.button(entry))));
  }

  button(entry) {
    const facts = [entry.code, ...(entry.runs.length > 1 ? entry.runs.map((run) => run.name) : []), `${entry.seconds.toFixed(1)} s`];
    return element("button", {
      type: "button",
      "aria-current": this.app.shown === entry ? "true" : null,
      on: { click: () => this.app.replay(entry) },
    }, element("span", { class: "past-text", lang: entry.spoken ?? "" }, entry.text), element("small", {}, facts.join(" · ")));
  }
}
