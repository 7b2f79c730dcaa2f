// One card per picture, per job that still runs, per job that failed.

import { cancelJob, followJob, pictureUrl } from "./api.js";
import { make, showNotice } from "./dom.js";

const ENDED = new Set(["succeeded", "failed", "canceled"]);
const WAITING_FOR = {
  workers: "waiting for a worker",
  "model-load": "the model is being loaded",
  "model-download": "the model is being downloaded",
};

// Returns the elements that stand for a job; a live one replaces itself when the job ends.
export function cardsOf(job, open) {
  if (!ENDED.has(job.status)) return [liveCard(job, open)];
  if (job.status === "succeeded") return job.images.map((image) => pictureCard(job, image, open));
  return [failedCard(job)];
}

function pictureCard(job, image, open) {
  const picture = make("img", { alt: job.request.prompt, loading: "lazy", decoding: "async" });
  pictureUrl(job, image).then((url) => (picture.src = url)).catch(() => {});
  return make(
    "button",
    { type: "button", className: "card picture", onclick: () => open(job, image, picture.src), "data-job": job.id },
    picture,
    make("span", { className: "caption" }, make("span", { textContent: job.request.prompt })),
  );
}

function failedCard(job) {
  const isCanceled = job.status === "canceled";
  return make(
    "div",
    { className: "card failed", "data-job": job.id },
    make("strong", { textContent: isCanceled ? "Canceled" : "Failed" }),
    isCanceled ? "" : job.error.message,
    make("em", { textContent: job.request.prompt }),
  );
}

function liveCard(job, open) {
  const words = make("span", { className: "words", role: "status" });
  const bar = make("progress", { max: 1, "aria-label": "Progress" });
  const canvas = make("div", { className: "empty-canvas" });
  const preview = make("img", { className: "preview", alt: "", hidden: true });
  const stop = make("button", {
    type: "button",
    textContent: "Cancel",
    onclick: () => {
      stop.disabled = true;
      cancelJob(job.id).catch((error) => showNotice(error.title, error.message));
    },
  });
  const card = make(
    "div",
    { className: "card live", title: job.request.prompt, "data-job": job.id },
    canvas,
    preview,
    make("div", { className: "state" }, make("div", { className: "row" }, words, stop), bar),
  );

  const showStatus = ({ status, queue }) => {
    if (status === "running") words.textContent = "starting";
    else words.textContent = WAITING_FOR[queue?.waiting_for] ?? (queue?.position > 1 ? `number ${queue.position} in the queue` : "queued");
  };
  showStatus(job);
  const heard = {
    status: showStatus,
    progress({ step, steps, fraction }) {
      words.textContent = `step ${step} of ${steps}`;
      bar.value = fraction;
    },
    preview({ image, content_type }) {
      preview.src = `data:${content_type};base64,${image}`;
      preview.hidden = false;
      canvas.remove();
    },
    done(ended) {
      if (ended.deleted) card.remove();
      else card.replaceWith(...cardsOf(ended, open));
    },
  };
  followJob(job.id, (type, data) => heard[type]?.(data)).catch((error) => {
    words.textContent = error.message;
    stop.remove();
  });
  return card;
}
