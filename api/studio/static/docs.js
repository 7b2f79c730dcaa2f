// The API's reference, drawn from /openapi.json with no network beyond this service.

import { find, make } from "./dom.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const MAX_DEPTH = 8;
let spec;

const resolve = (schema) =>
  schema?.$ref ? schema.$ref.slice(2).split("/").reduce((node, step) => node[step], spec) : schema ?? {};

function typeOf(schema) {
  const one = resolve(schema);
  if (one.const !== undefined) return JSON.stringify(one.const);
  if (one.enum) return one.enum.join(" | ");
  if (one.anyOf) return one.anyOf.map(typeOf).join(" or ");
  if (one.type === "array") return `list of ${typeOf(one.items)}`;
  return one.format ?? one.title ?? one.type ?? "any";
}

const bare = (schema) => {
  const one = resolve(schema);
  return one.anyOf ? { ...one, ...bare(one.anyOf.find((other) => other.type !== "null") ?? {}), description: one.description } : one;
};

function exampleOf(schema, depth = 0) {
  const outer = resolve(schema);
  const one = bare(schema);
  const given = outer.examples?.[0] ?? one.examples?.[0];
  if (given !== undefined) return given;
  if (one.const !== undefined) return one.const;
  if (one.default !== undefined) return one.default;
  if (one.enum) return one.enum[0];
  if (depth > MAX_DEPTH) return null;
  if (one.properties) {
    return Object.fromEntries(Object.entries(one.properties).map(([name, inner]) => [name, exampleOf(inner, depth + 1)]));
  }
  if (one.type === "array") return [exampleOf(one.items, depth + 1)];
  if (one.format === "date-time") return "2026-01-31T12:00:00Z";
  return { integer: 0, number: 0, boolean: true, object: {}, string: "…" }[one.type] ?? null;
}

const code = (value) => make("pre", { textContent: typeof value === "string" ? value : JSON.stringify(value, null, 2) });

function table(rows) {
  return make("table", {}, ...rows.map(([name, type, text]) =>
    make("tr", {},
      make("td", {}, make("code", { textContent: name })),
      make("td", { className: "type", textContent: type }),
      make("td", { textContent: text ?? "" }))));
}

function fields(schema) {
  const { properties = {}, required = [] } = bare(schema);
  return table(Object.entries(properties).map(([name, inner]) =>
    [name, typeOf(inner) + (required.includes(name) ? ", needed" : ""), resolve(inner).description]));
}

function body(content) {
  return Object.entries(content ?? {}).flatMap(([media, { schema, example, examples }]) => {
    const shown = Object.values(examples ?? {});
    if (media.includes("problem")) {
      return [table(shown.map((one) => [one.value.type, String(one.value.status), one.summary]))];
    }
    const samples = shown.length ? shown.map((one) => one.value) : [example ?? (schema ? exampleOf(schema) : null)];
    return samples.filter((one) => one !== null).map(code);
  });
}

function call(path, method, operation) {
  const parts = [];
  const [short, ...long] = (operation.description ?? "").split("\n\n");
  if (long.length) parts.push(make("p", { textContent: long.join(" ") }));
  if (operation.parameters?.length) {
    parts.push(make("h3", { textContent: "Parameters" }), table(operation.parameters.map((one) =>
      [one.name, `${one.in}, ${typeOf(one.schema)}`, one.description ?? resolve(one.schema).description])));
  }
  if (operation.requestBody) {
    const content = operation.requestBody.content;
    parts.push(make("h3", { textContent: "Body" }), ...body(content), fields(Object.values(content)[0].schema));
  }
  for (const [status, answer] of Object.entries(operation.responses)) {
    parts.push(make("h3", { textContent: `${status} · ${answer.description}` }), ...body(answer.content));
  }
  return make("details", { className: "call panel" },
    make("summary", {},
      make("span", { className: `method ${method}`, textContent: method.toUpperCase() }),
      make("code", { className: "path", textContent: path }),
      make("span", { className: "short", textContent: short })),
    make("div", { className: "inside" }, ...parts));
}

async function draw() {
  spec = await (await fetch("/openapi.json")).json();
  const byTag = new Map();
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const tag = item[method].tags?.[0] ?? "other";
      byTag.set(tag, [...(byTag.get(tag) ?? []), call(path, method, item[method])]);
    }
  }
  find("#reference").append(
    make("h1", { textContent: `${spec.info.title} API` }),
    make("p", { textContent: spec.info.description }),
    ...[...byTag].flatMap(([tag, calls]) => [make("h2", { textContent: tag }), ...calls]));
}

draw();
