// The page at `/`: the last pictures, and a place to ask for more.

import { createJob, deleteJob, key, listJobs, listModels, Problem } from "./api.js";
import { cardsOf } from "./cards.js";
import { fillFrom, offerModels, onSubmit } from "./composer.js";
import { clearNotices, find, make, showNotice } from "./dom.js";

const pictures = find("#pictures");
const viewer = find("#viewer");
let olderCursor = null;

function report(error) {
  if (error instanceof Problem && error.status === 401) {
    key.forget();
    askForKey();
    showNotice("That key does not open this service", "It may be mistyped, revoked or from another installation.");
    return;
  }
  const fields = error.fields?.map(({ pointer, message }) => `${pointer.slice(1)} ${message}`).join("; ");
  showNotice(error.title ?? "That did not work", fields || error.message);
}

function askForKey() {
  find("#key-form").hidden = false;
  find("#composer").hidden = true;
  find("#forget-key").hidden = true;
  find("#empty").hidden = true;
  find("#older").hidden = true;
  pictures.replaceChildren();
  find("#key").focus();
}

function showEmptiness() {
  find("#empty").hidden = pictures.childElementCount > 0;
}

async function showPage(cursor) {
  const page = await listJobs(cursor);
  pictures.append(...page.data.flatMap((job) => cardsOf(job, openPicture)));
  olderCursor = page.next_cursor;
  find("#older").hidden = olderCursor === null;
  showEmptiness();
}

async function start() {
  clearNotices();
  if (!key.get()) {
    askForKey();
    return;
  }
  try {
    offerModels((await listModels()).data);
    pictures.replaceChildren();
    await showPage();
  } catch (error) {
    report(error);
    return;
  }
  find("#key-form").hidden = true;
  find("#composer").hidden = false;
  find("#forget-key").hidden = false;
  find("#prompt").focus();
}

async function draw(request) {
  clearNotices();
  try {
    const job = await createJob(request);
    pictures.prepend(...cardsOf(job, openPicture));
    showEmptiness();
  } catch (error) {
    report(error);
  }
}

function openPicture(job, image, url) {
  const { request } = job;
  find("img", viewer).src = url;
  find("img", viewer).alt = request.prompt;
  find(".prompt", viewer).textContent = request.prompt || "(no words)";
  const facts = {
    Seed: image.seed,
    Size: `${image.width} × ${image.height}`,
    Model: job.model,
    Steps: `${request.num_inference_steps}, ${request.scheduler}`,
    Guidance: request.guidance_scale,
    "Kept out": request.negative_prompt,
    Note: job.warnings.join("; "),
    Made: new Date(job.finished_at).toLocaleString(),
  };
  const rows = Object.entries(facts).filter(([, value]) => value !== "");
  find("dl", viewer).replaceChildren(
    ...rows.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", { textContent: value })]),
  );
  const save = find("[data-do=save]", viewer);
  save.href = url;
  save.download = `${job.id}-${image.index}.${image.format}`;
  find("[data-do=again]", viewer).onclick = () => {
    viewer.close();
    fillFrom(request);
  };
  find("[data-do=delete]", viewer).onclick = async () => {
    try {
      await deleteJob(job.id);
      for (const card of document.querySelectorAll(`[data-job="${job.id}"]`)) card.remove();
      showEmptiness();
    } catch (error) {
      report(error);
    }
    viewer.close();
  };
  viewer.showModal();
}

viewer.addEventListener("click", (event) => {
  if (event.target === viewer) viewer.close();
});
find("#key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key.set(find("#key").value.trim());
  find("#key").value = "";
  start();
});
find("#forget-key").addEventListener("click", () => {
  key.forget();
  start();
});
find("#suggest").addEventListener("click", () => {
  find("#prompt").value = find("#prompt").placeholder;
  find("#composer").requestSubmit();
});
find("#older").addEventListener("click", () => showPage(olderCursor).catch(report));
window.addEventListener("hashchange", () => {
  key.takeFromAddress();
  start();
});

onSubmit(draw);
key.takeFromAddress();
start();
