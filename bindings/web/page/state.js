// What the page shows now, and small helpers that all panels use.

/** What is chosen and what came of it; panels read it, and write what is theirs. */
export const state = {
  /** `{ name, model, layout }`. */
  network: undefined,
  point: undefined,
  /** The pixel that is looked at, as row × columns + column. */
  pixel: 0,
  /** The class that is explained; none: the likeliest. */
  output: undefined,
  order: 3,
  delta: 0.5,
  device: "auto",
  scores: [],
  exact: undefined,
  rule: undefined,
  /** Pictures as they can be saved, by name. */
  pictures: {},
};

export const at = (id) => document.getElementById(id);

/** An element with properties and children. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Paragraphs in place of what was there. */
export function say(element, ...texts) {
  element.replaceChildren(...texts.filter(Boolean).map((text) => make("p", { textContent: text })));
}

/** A number for people. */
export function short(x, digits = 3) {
  if (!Number.isFinite(x)) return x > 0 ? "∞" : x < 0 ? "−∞" : "–";
  const size = Math.abs(x);
  const outside = size !== 0 && (size < 10 ** -digits || size >= 1e6);
  const decimals = Math.max(0, digits - Math.max(0, Math.floor(Math.log10(size || 1))));
  return (outside ? x.toExponential(1) : x.toFixed(decimals)).replaceAll("-", "−");
}

/** The same with its sign. */
export const signed = (x, digits) => (x > 0 ? `+${short(x, digits)}` : short(x, digits));

/** The class that is explained. */
export const output = () => state.output ?? likeliest();
export const likeliest = () => state.scores.indexOf(Math.max(...state.scores));

/** The options that all computations have. */
export const place = (signal) => ({ device: state.device, signal });

/** Lets the browser do what else there is to do. */
export const breathe = () => new Promise((resolve) => setTimeout(resolve));
