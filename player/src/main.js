// The page's entrance: reads the data that stands in it, and puts the player where the page has room for it.

import { openPlayer } from "./hosted.js";
import { readShow } from "./show.js";
import { Player } from "./player.js";
import { initialLanguage, say } from "./words.js";

const data = document.getElementById("signllm-data");
const place = document.getElementById("signllm-player");

if (data) start(data.textContent);
else Object.defineProperty(window, "signllm", { value: Object.freeze({ openPlayer }) }); // the page has no data of its own

function start(text) {
  try {
    const player = new Player(place, readShow(JSON.parse(text)));
    // For tests and the curious: what the page shows, to be read and not to be written.
    Object.defineProperty(window, "signllmPlayer", { value: player.report() });
  } catch (error) {
    const message = document.createElement("p");
    message.className = "failure";
    message.setAttribute("role", "alert");
    message.textContent = `${say(initialLanguage(), "failure")} (${error.message})`;
    place.replaceChildren(message);
    throw error;
  }
}
