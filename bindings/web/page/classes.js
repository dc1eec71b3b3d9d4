// The scores of the classes; the one that is explained is chosen here.

import { at, make, output, place, short, state } from "./state.js";

/** Rows at the most; the likeliest, if there are more classes. */
const ROWS = 10;

/** The network at the point. */
export async function update(signal) {
  const { model, layout } = state.network;
  // One ray, of which nothing but its start is looked at.
  const directions = new Float64Array(layout.size);
  directions[0] = 1;
  const { value } = await model.expand(state.point, { order: 1, directions, ...place(signal) });
  state.scores = Array.from(value.data);
  show();
}

/** Bars from zero. */
export function show() {
  const { scores } = state;
  const most = Math.max(1e-30, ...scores.map(Math.abs));
  let classes = scores.map((_, i) => i);
  if (classes.length > ROWS) classes = classes.sort((a, b) => scores[b] - scores[a]).slice(0, ROWS);
  const focused = document.activeElement?.name === "class";
  const rows = classes.map((i) => {
    const radio = make("input", { type: "radio", name: "class", value: i, checked: i === output() });
    radio.setAttribute("aria-label", `class ${i}, score ${short(scores[i])}`);
    const bar = make("i", { className: scores[i] < 0 ? "below" : "" });
    bar.style.width = `${(50 * Math.abs(scores[i])) / most}%`;
    return make("label", {}, radio, make("b", { textContent: i }), make("span", { className: "bar" }, bar), make("output", { textContent: short(scores[i], 2) }));
  });
  at("classes").replaceChildren(...rows);
  if (focused) at("classes").querySelector(":checked")?.focus();
}
