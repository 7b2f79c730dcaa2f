// The HTTP API as the page uses it: one key, problem details as errors, events over fetch.

const STORED_KEY = "atelier.key";
const MAX_RECONNECTS = 20;

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? `HTTP ${status}`);
    this.status = status;
    this.title = body.title ?? "That did not work";
    this.fields = body.errors ?? [];
  }
}

export const key = {
  // a key in the fragment never reaches a server or its logs; it leaves the address bar at once
  takeFromAddress() {
    const given = new URLSearchParams(location.hash.slice(1)).get("key");
    if (!given) return;
    localStorage.setItem(STORED_KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
  },
  get: () => localStorage.getItem(STORED_KEY),
  set: (value) => localStorage.setItem(STORED_KEY, value),
  forget: () => localStorage.removeItem(STORED_KEY),
};

async function send(path, { method = "GET", headers = {}, body, signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      signal,
      cache: "no-store",
      headers: { Authorization: `Bearer ${key.get()}`, ...headers },
      body,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "The service does not answer", detail: "Is it still running?" });
  }
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

const json = async (...request) => (await send(...request)).json();

export const listModels = () => json("/v1/models");
export const listJobs = (cursor) =>
  json(`/v1/jobs?limit=24${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
export const cancelJob = (id) => json(`/v1/jobs/${id}/cancel`, { method: "POST" });
export const deleteJob = (id) => send(`/v1/jobs/${id}`, { method: "DELETE" });

export function createJob(request) {
  return json("/v1/jobs", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": randomName() },
    body: JSON.stringify(request),
  });
}

function randomName() {
  // crypto.randomUUID exists on secure origins only; a page on a LAN address is none
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A link to this origin is used as it is; a picture kept elsewhere is fetched through the API.
export async function pictureUrl(job, image) {
  const link = new URL(image.url, location.href);
  if (link.origin === location.origin) return link.href;
  const answer = await send(`/v1/jobs/${job.id}/images/${image.index}?proxy=true`);
  return URL.createObjectURL(await answer.blob());
}

// Calls `hear(type, data)` for every event until the job is done, resuming where it broke off.
export async function followJob(id, hear) {
  let lastId = null;
  for (let tries = 0; tries < MAX_RECONNECTS; tries += 1) {
    try {
      const headers = lastId ? { "Last-Event-ID": lastId } : {};
      const answer = await send(`/v1/jobs/${id}/events`, { headers });
      for await (const event of readEvents(answer.body)) {
        tries = 0;
        lastId = event.id ?? lastId;
        if (event.type) hear(event.type, JSON.parse(event.data));
        if (event.type === "done") return;
      }
    } catch (error) {
      if (error instanceof Problem && error.status !== 0 && error.status !== 503) throw error;
    }
    await new Promise((wake) => setTimeout(wake, 500 + 250 * tries));
  }
  throw new Problem(0, { title: "The service does not answer", detail: "Reload to look again." });
}

async function* readEvents(stream) {
  let rest = "";
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) yield parseEvent(block);
  }
}

function parseEvent(block) {
  const event = { type: null, data: "", id: null };
  for (const line of block.split("\n")) {
    const [, field, value] = /^(\w*): ?(.*)$/.exec(line) ?? [];
    if (field === "event") event.type = value;
    else if (field === "data") event.data += value;
    else if (field === "id") event.id = value;
  }
  return event;
}
