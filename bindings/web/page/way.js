// The network along a direction, its polynomials, and how far they hold.

import * as hope from "../js/index.js";
import { digit } from "./examples.js";
import { inputs, where } from "./layout.js";
import { at, breathe, make, output, place, say, short, signed, state } from "./state.js";

/** Places on the way; the slider goes from one to the next. */
const SAMPLES = 161;

const figure = at("way");
const slider = at("t");
let way;
let random;

/** The direction that is chosen, from where to where, and what it is called. */
async function chosen() {
  const { point, network, pixel } = state;
  const { layout } = network;
  const direction = new Float64Array(layout.size);
  switch (at("direction").value) {
    case "black":
      return { direction: point.map((x) => -x), range: [0, 1], title: "towards black: t = 1 is an empty image" };
    case "digit": {
      const goal = await digit(Number(at("towards").value));
      return { direction: point.map((x, i) => goal[i] - x), range: [0, 1], title: "towards another digit: t = 1 is that one" };
    }
    case "random":
      random ??= crypto.getRandomValues(new Uint32Array(1))[0];
      return { direction: noise(layout.size, random), range: [-1, 1], title: "in a random direction of length 3" };
    default:
      for (const i of inputs(layout, pixel)) direction[i] = 1;
      return { direction, range: [-1, 1], title: `brighter and darker: ${where(layout, pixel)}` };
  }
}

/** Normal numbers of a length in all, from a seed. */
function noise(size, seed) {
  let word = seed || 1;
  const uniform = () => {
    for (const [left, by] of [[true, 13], [false, 17], [true, 5]]) word ^= left ? word << by : word >>> by;
    return ((word >>> 0) + 0.5) / 2 ** 32;
  };
  const all = Float64Array.from({ length: size }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
  const norm = Math.hypot(...all);
  return all.map((x) => (3 * x) / norm);
}

/** Computes it. */
export async function update(signal) {
  const tolerance = at("tolerance");
  if (!tolerance.checkValidity()) throw new Error("The tolerance has to be a positive number.");
  const { direction, range, title } = await chosen();
  if (direction.every((x) => x === 0)) throw new Error("The input is there already: choose another direction.");
  const options = { order: state.order, output: output(), range, samples: SAMPLES, tolerance: tolerance.valueAsNumber, ...place(signal) };
  way = { ...(await state.network.model.along(state.point, direction, options)), title, range, tolerance: options.tolerance };
  way.formula = await formula(direction);
  await draw();
  signal.throwIfAborted();
  tell();
}

/** The polynomial of the highest order, as the library writes it. */
async function formula(direction) {
  const { value, coefficients } = way;
  const row = (data) => ({ data, shape: [1, data.length] });
  const along = { data: coefficients.data, shape: [1, 1, coefficients.data.length, 1] };
  const found = { points: row(state.point), value: row([value]), along, directions: row(direction) };
  const polynomial = await hope.polynomial(found);
  const text = await polynomial.text({ digits: 4 });
  await polynomial.free();
  return text;
}

/** Nothing to be seen: why. */
export function fail(message) {
  way = undefined;
  delete state.pictures.way;
  figure.replaceChildren();
  at("values").replaceChildren();
  at("place").value = "";
  at("formula").textContent = "";
  say(at("holds"), message);
}

/** The values of the polynomial of an order. */
const polynomial = (k) => way.polynomials.data.subarray((k - 1) * SAMPLES, k * SAMPLES);

async function draw() {
  const orders = way.polynomials.shape[0];
  const here = slider.valueAsNumber;
  const t = way.t.data;
  const series = [{ name: "network", x: t, y: way.network.data, colour: 6, width: 5 }];
  for (let k = 1; k <= orders; k++) series.push({ name: `order ${k}`, x: t, y: polynomial(k), colour: (k - 1) % 6, setsRange: false, width: 1.8 });
  series.push({ x: [t[here]], y: [way.network.data[here]], markers: true, colour: 6 });
  const { radius } = way.trust[orders - 1];
  const marks = [
    { x: t[here], label: "" },
    { x: way.kink, label: "t*" },
    ...(way.range[0] < 0 ? [{ x: -way.kink, label: "" }, { x: -radius, label: "" }] : []),
    { x: radius, label: "trusted" },
  ];
  const wide = Math.max(320, Math.min(720, figure.clientWidth));
  const svg = await hope.chart({
    title: wide > 500 ? `class ${output()}, ${way.title}` : "",
    x: { label: "t", range: way.range },
    y: { label: "score" },
    series,
    guides: marks.filter(({ x }) => Number.isFinite(x) && x >= way.range[0] && x <= way.range[1]),
    size: [wide, wide > 500 ? 400 : 340],
  });
  state.pictures.way = svg;
  await breathe();
  figure.innerHTML = svg;
  table();
}

/** Numbers at the place that the slider chooses. */
function table() {
  const here = slider.valueAsNumber;
  const [t, network] = [way.t.data[here], way.network.data[here]];
  const head = make("tr", {}, ...["", "score", "off by", "trusted to |t|", "limit"].map((textContent) => make("th", { textContent, scope: "col" })));
  const row = (name, ...cells) => make("tr", {}, make("th", { textContent: name, scope: "row" }), ...cells.map((textContent) => make("td", { textContent })));
  const rows = way.trust.map(({ radius, limit }, k) => {
    const value = polynomial(k + 1)[here];
    return row(`order ${k + 1}`, short(value), signed(value - network, 2), short(radius), limit);
  });
  at("values").replaceChildren(make("thead", {}, head), make("tbody", {}, row("network", short(network), "", "", ""), ...rows));
  at("place").value = short(t, 2);
  slider.setAttribute("aria-valuetext", `t = ${short(t, 2)}: network ${short(network)}, order ${way.trust.length} ${short(polynomial(way.trust.length)[here])}`);
}

/** How far it holds, in words. */
function tell() {
  const { kink, convergence, growing, trust, tolerance, certificate, formula } = way;
  const last = trust.at(-1);
  const converges = Number.isFinite(convergence)
    ? `The series is estimated to converge up to |t| = ${short(convergence)}${growing ? ", rather further" : ""}.`
    : "The series seems to end: a polynomial.";
  const nearest = `The nearest kink is at t* = ${short(kink)}: beyond it the network goes on by another formula.`;
  const kinked = Number.isFinite(kink) && (kink > 0 ? nearest : "The way begins on a kink, t* = 0: the series is that of the side ahead.");
  const trusted = `The polynomial of order ${trust.length} is estimated to be within ${tolerance} up to |t| = ${short(last.radius)}; what limits it: ${last.limit}.`;
  at("formula").textContent = `p(t) = ${formula}`;
  say(at("holds"), trusted, kinked, converges, `${certificate.exact ? "Exact" : "Not exact"}: ${certificate.reason}.`);
}

/** Redraws at most once at a time; the last place counts. */
let drawing;
async function redraw() {
  if (!way) return;
  if (drawing) return void (drawing = "again");
  do {
    drawing = "now";
    if (way) await draw();
  } while (drawing === "again");
  drawing = undefined;
}

/** Tells `changed` of other directions. */
export function listen(changed) {
  slider.addEventListener("input", () => {
    if (way) table();
    redraw();
  });
  at("directions").addEventListener("submit", (event) => event.preventDefault());
  at("again").addEventListener("click", () => {
    random = undefined;
    changed();
  });
  at("directions").addEventListener("input", () => {
    hide();
    changed();
  });
  new ResizeObserver(redraw).observe(figure);
}

/** The direction of the pixel that is looked at. */
export function towardsPixel() {
  at("direction").value = "pixel";
  hide();
}

/** Hides what the kind of direction has no need of. */
function hide() {
  const kind = at("direction").value;
  at("towards-label").hidden = kind !== "digit";
  at("again").hidden = kind !== "random";
}
