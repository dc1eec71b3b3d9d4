// Pairs of the strongest pixels: how much more or less than alone they do together.

import * as hope from "../js/index.js";
import { mark } from "./board.js";
import { where } from "./layout.js";
import { at, breathe, make, output, place, say, signed, state } from "./state.js";

/** How many pixels, and how many of their pairs are listed. */
const [STRONGEST, LISTED] = [12, 6];

/** Computes them. */
export async function update(signal) {
  const { model, layout } = state.network;
  const options = { output: output(), strongest: Math.min(STRONGEST, layout.size), delta: state.delta, ...place(signal) };
  const { inputs, matrix, pairs, certificate } = await model.interactions(state.point, options);
  const limit = matrix.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const claim = `${certificate.exact ? "Exact" : "Not exact"}: ${certificate.reason}.`;
  if (limit === 0) return fail(`No mixed term of the strongest pixels is other than zero. ${claim}`);
  const svg = await hope.maps({ columns: 1, panels: [{ title: `the ${inputs.length} strongest pixels`, rows: inputs.length, values: matrix.data, limit, bar: true }] });
  signal.throwIfAborted();
  state.pictures.pairs = svg;
  await breathe();
  at("pairs").innerHTML = svg;
  const pixels = layout.rows * layout.columns;
  const name = (i) => where(layout, i % pixels);
  const rows = pairs.slice(0, LISTED).map(({ inputs, coefficient }) => {
    const change = coefficient * state.delta ** 2;
    const text = `${name(inputs[0])} with ${name(inputs[1])}`;
    const button = make("button", { type: "button" }, make("span", { textContent: text }), make("b", { textContent: signed(change, 3) }));
    const show = () => mark(inputs.map((i) => i % pixels));
    const hide = () => mark([]);
    for (const [event, act] of [["pointerenter", show], ["focus", show], ["pointerleave", hide], ["blur", hide]]) button.addEventListener(event, act);
    return make("li", {}, button);
  });
  at("pair-list").replaceChildren(...rows);
  const words = `What both do together beyond the sum of what each does alone, each brighter by ${state.delta}: the mixed term of second order. ${claim}`;
  say(at("pairs-words"), words);
}

/** Nothing to be seen: why. */
export function fail(message) {
  delete state.pictures.pairs;
  at("pairs").replaceChildren();
  at("pair-list").replaceChildren();
  say(at("pairs-words"), message);
}
