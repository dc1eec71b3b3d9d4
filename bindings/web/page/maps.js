// Heat maps by order, with the published rule's beside them, and what both may claim.

import * as hope from "../js/index.js";
import { pick } from "./board.js";
import { grey, inputs, summed, where } from "./layout.js";
import { at, breathe, likeliest, output, place, say, short, signed, state } from "./state.js";

/** Width of a panel on the page, about. */
const PANEL = 152;

const figure = at("maps");
const certified = (what, { exact, reason }) => `${what}: ${exact ? "exact" : "not exact"}; ${reason}.`;

/** Maps of the output. */
export async function update(signal) {
  const { model } = state.network;
  const how = { order: state.order, output: output(), delta: state.delta, ...place(signal) };
  state.exact = await model.heatmap(state.point, how);
  // Where the rule has no answer the other maps still stand.
  state.rule = await model.heatmap(state.point, { ...how, method: "hope" }).catch((error) => {
    signal.throwIfAborted();
    return { error };
  });
  await draw();
  signal.throwIfAborted();
  tell();
}

/** One map for each order. */
function maps({ predicted }) {
  const { layout } = state.network;
  const map = (k) => predicted.data.subarray(k * layout.size, (k + 1) * layout.size);
  return Array.from({ length: predicted.shape[0] }, (_, k) => summed(layout, map(k)));
}

let columns;

async function draw() {
  const { network, exact, rule, delta } = state;
  const { layout, name } = network;
  const { rows } = layout;
  const all = maps(exact);
  const order = all.length;
  const limit = all.reduce((most, map) => map.reduce((m, x) => Math.max(m, Math.abs(x)), most), 0);
  const panels = [
    { title: `class ${output()}: ${exact.value.toFixed(3)}`, rows, values: grey(layout, state.point) },
    ...all.map((values, k) => ({ title: `order ${k + 1}`, rows, values, limit })),
  ];
  if (rule.predicted) panels.push({ title: `published rule, order ${order}`, rows, values: maps(rule).at(-1), limit });
  columns = fitting(panels.length);
  panels[columns - 1].bar = true;
  const svg = await hope.maps({
    title: columns > 2 ? `${name}: change of the class score, each pixel alone brighter by ${delta}` : "",
    caption: columns > 2 ? "Predicted by the Taylor polynomial along each pixel. Red raises the score, blue lowers it; one range of colours." : "",
    columns,
    panels,
  });
  state.pictures.maps = svg;
  await breathe();
  figure.innerHTML = svg;
  cross();
}

/** As many beside each other as there is room for, rows of about one length. */
function fitting(count) {
  const most = Math.max(2, Math.floor(figure.clientWidth / PANEL));
  return Math.ceil(count / Math.ceil(count / most));
}

/** Marks the pixel in all maps. */
function cross() {
  const { rows, columns } = state.network.layout;
  figure.querySelectorAll(".cross").forEach((old) => old.remove());
  for (const image of figure.querySelectorAll("image")) {
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(image.getAttribute(name)));
    const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const sizes = { width: width / columns, height: height / rows };
    const place = { x: x + (state.pixel % columns) * sizes.width, y: y + Math.floor(state.pixel / columns) * sizes.height };
    for (const [name, value] of Object.entries({ ...sizes, ...place, class: "cross" })) box.setAttribute(name, value);
    image.after(box);
  }
}

/** What the maps say, in words. */
function tell() {
  const { exact, rule } = state;
  const crossed = exact.acrossKinks > 0 && `${exact.acrossKinks} pixels meet a kink of the network on their way: there a prediction need not hold.`;
  say(
    at("words"),
    state.scores.length > 1 && `The network takes it for class ${likeliest()}.`,
    certified("Exact method", exact.certificate),
    crossed,
    rule.certificate ? certified("Published rule", rule.certificate) : `Published rule: ${rule.error.message}.`,
  );
  pixel();
}

/** What is known of the pixel that is looked at. */
export function pixel() {
  const { network, exact, point, order, delta } = state;
  const { layout } = network;
  const size = layout.size;
  const sum = (numbers, from) => inputs(layout, state.pixel).reduce((sum, i) => sum + numbers[from + i], 0);
  const brightness = sum(point, 0) / layout.channels;
  const change = exact && exact.predicted.shape[0] === order ? sum(exact.predicted.data, (order - 1) * size) : undefined;
  const place = where(layout, state.pixel);
  const predicted = change === undefined ? "" : ` Brighter by ${delta}, the score changes by ${signed(change)}.`;
  at("pixel").textContent = `${place[0].toUpperCase()}${place.slice(1)}: ${short(brightness)}.${predicted}`;
  cross();
}

figure.addEventListener("click", ({ target, clientX, clientY }) => {
  const image = target.closest("image") ?? target.closest(".cross")?.previousElementSibling;
  if (!image) return;
  const { left, top, width, height } = image.getBoundingClientRect();
  const { rows, columns } = state.network.layout;
  const within = (x, most) => Math.min(most - 1, Math.max(0, Math.floor(x * most)));
  pick(within((clientY - top) / height, rows) * columns + within((clientX - left) / width, columns));
});

new ResizeObserver(() => {
  if (!state.exact || !figure.firstChild) return;
  const count = figure.querySelectorAll("image").length;
  if (count && fitting(count) !== columns) draw();
}).observe(figure);
