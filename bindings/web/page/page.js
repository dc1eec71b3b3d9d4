// The page: choices, and what comes of them. Numbers, pictures and words are the library's.

import * as hope from "../js/index.js";

const EXAMPLES = new URL("../../../examples/mnist/", import.meta.url);
const at = (id) => document.getElementById(id);

/** The numbers of the .npy file of digits, f32 `[digits, 1, 28, 28]`. */
async function readDigits() {
  const file = await (await fetch(new URL("digits.npy", EXAMPLES))).arrayBuffer();
  const begin = 10 + new DataView(file).getUint16(8, true);
  const numbers = new Float32Array(file.slice(begin));
  return (i) => numbers.slice(i * 784, (i + 1) * 784);
}

const digits = readDigits();
const networks = new Map();

/** A network, read once. */
function network(name) {
  if (!networks.has(name)) networks.set(name, hope.load(new URL(`${name}.onnx`, EXAMPLES)));
  return networks.get(name);
}

/** A certificate in words. */
const words = (what, { exact, reason }) => `${what}: ${exact ? "exact" : "not exact"}; ${reason}.`;

/** What the form says, computed and drawn. */
async function explain(signal) {
  const name = at("network").value;
  const [digit, order, delta] = ["digit", "order", "delta"].map((id) => at(id).valueAsNumber);
  const model = await network(name);
  const point = (await digits)(digit);
  const device = at("device").value;
  const begun = performance.now();
  const { value } = await model.expand(point, { order: 1, device, signal });
  const scores = Array.from(value.data);
  const likeliest = scores.indexOf(Math.max(...scores));
  const output = at("class").value === "" ? likeliest : Number(at("class").value);
  const how = { order, output, delta, device, signal };
  const exact = await model.heatmap(point, how);
  // Where the rule has no answer the other maps still stand.
  const rule = await model.heatmap(point, { ...how, method: "hope" }).catch((error) => {
    signal.throwIfAborted();
    return { error };
  });
  const took = performance.now() - begun;
  const maps = Array.from({ length: order }, (_, k) => exact.predicted.data.subarray(k * 784, (k + 1) * 784));
  const limit = maps.flatMap((map) => Array.from(map, Math.abs)).reduce((a, b) => Math.max(a, b));
  const panels = [
    { title: `digit ${digit}\nclass ${output}: ${exact.value.toFixed(3)}`, rows: 28, values: point },
    ...maps.map((values, k) => ({ title: `order ${k + 1}`, rows: 28, values, limit, bar: k + 1 === order && !rule.predicted })),
  ];
  if (rule.predicted) {
    const values = rule.predicted.data.subarray((order - 1) * 784);
    panels.push({ title: `published rule, order ${order}`, rows: 28, values, limit, bar: true });
  }
  const svg = await hope.maps({
    title: `${name}: change of the class score, each pixel alone brighter by ${delta}`,
    caption: "Predicted by the Taylor polynomial along each pixel. Red raises the score, blue lowers it; one range of colours.",
    columns: Math.min(panels.length, 5),
    panels,
  });
  signal.throwIfAborted();
  at("picture").innerHTML = svg;
  show(
    `The network takes it for a ${likeliest}.`,
    words("Exact method", exact.certificate),
    rule.certificate ? words("Published rule", rule.certificate) : `Published rule: ${rule.error.message}.`,
    exact.note,
  );
  at("state").textContent = `Computed in ${took.toFixed(0)} ms.`;
}

/** Paragraphs. */
function show(...texts) {
  const paragraphs = texts.filter(Boolean).map((text) => Object.assign(document.createElement("p"), { textContent: text }));
  at("words").replaceChildren(...paragraphs);
}

let controller = new AbortController();

/** Begins anew with what the form says now. */
async function begin() {
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  at("state").className = "";
  if (!at("choices").checkValidity()) {
    at("state").textContent = "One of the numbers can't be.";
    return;
  }
  at("state").textContent = "Computing…";
  try {
    await explain(signal);
  } catch (error) {
    if (signal.aborted) return;
    networks.clear();
    at("state").className = "wrong";
    at("state").textContent = error.message;
  }
}

for (let i = 0; i < 10; i++) at("class").add(new Option(String(i), String(i)));
at("choices").addEventListener("input", begin);
at("choices").addEventListener("submit", (event) => event.preventDefault());
begin();
