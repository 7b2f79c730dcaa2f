// The prompt box: what the chosen model takes, and what the form asks for.

import { find, make } from "./dom.js";

const form = find("#composer");
const NUMBERS = ["width", "height", "num_inference_steps", "guidance_scale"];
let models = [];

export function offerModels(list) {
  models = list;
  form.model.replaceChildren(...list.map((one) => make("option", { value: one.id, textContent: one.name })));
  form.model.addEventListener("change", offerChoices);
  offerChoices();
}

function offerChoices() {
  const { schedulers, defaults, limits } = models.find((one) => one.id === form.model.value);
  form.scheduler.replaceChildren(...schedulers.map((name) => make("option", { value: name, textContent: name })));
  form.scheduler.value = defaults.scheduler;
  const sizes = { min: limits.min_size, max: limits.max_size, step: limits.size_multiple };
  Object.assign(form.width, sizes);
  Object.assign(form.height, sizes);
  Object.assign(form.num_inference_steps, limits.num_inference_steps);
  Object.assign(form.guidance_scale, limits.guidance_scale);
  for (const name of NUMBERS) form[name].placeholder = defaults[name];
}

export function readRequest() {
  const request = {
    task: "text-to-image",
    model: form.model.value,
    prompt: form.prompt.value.trim(),
    negative_prompt: form.negative_prompt.value,
    num_images: Number(form.num_images.value),
    scheduler: form.scheduler.value,
  };
  for (const name of [...NUMBERS, "seed"]) {
    if (form[name].value !== "") request[name] = Number(form[name].value);
  }
  return request;
}

export function fillFrom(request) {
  form.prompt.value = request.prompt;
  form.negative_prompt.value = request.negative_prompt;
  form.model.value = request.model;
  offerChoices();
  form.scheduler.value = request.scheduler;
  for (const name of NUMBERS) form[name].value = request[name];
  form.prompt.focus();
}

export function onSubmit(submit) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = find("#draw");
    button.disabled = true;
    await submit(readRequest()).finally(() => (button.disabled = false));
  });
  form.prompt.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
}
