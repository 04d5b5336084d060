// The server's JSON interface, as the page uses it.

/** A refusal: `status`, and what the server said of it. */
export class Refused extends Error {
  constructor(status, said) {
    super(said.message ?? String(status));
    Object.assign(this, { status, fields: said.fields ?? [], retryAfter: said.retry_after_s ?? 1 });
  }
}

/** What the page begins with. */
export async function beginning() {
  const answer = await fetch("/api/page");
  await check(answer);
  return answer.json();
}

/** Sign a text; `take(event)` is called for each event as it comes. Throws Refused, or what `signal` was aborted with. */
export async function sign(request, take, signal) {
  const answer = await fetch("/api/sign", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
    signal,
  });
  await check(answer);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.event === "error") throw new Refused(500, event);
      take(event);
    }
  }
}

/** A clip as a file: {blob, name}. */
export async function download(address) {
  const answer = await fetch(address);
  await check(answer);
  const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("content-disposition") ?? "");
  return { blob: await answer.blob(), name: name ? decodeURIComponent(name[1]) : "signing" };
}

async function check(answer) {
  if (answer.ok) return;
  if (answer.status === 401) location.assign("/"); // where the token goes
  let said = {};
  try {
    said = await answer.json();
  } catch {
    // not ours: a proxy's
  }
  throw new Refused(answer.status, said);
}
