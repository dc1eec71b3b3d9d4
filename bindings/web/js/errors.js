// Errors, with the library's words said as JavaScript has them.

/** Whatever goes wrong in hope; `name` says of which kind it is. */
export class HopeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

// Options of the command line, as the library's messages name them, and what they are here.
const OPTIONS = {
  device: "device",
  directions: "directions",
  dtype: "precision",
  from: "inputs",
  input: "inputs",
  inputs: "inputs",
  logits: "logits",
  memory: "memory",
  method: "method",
  order: "order",
  "output-name": "output",
  outputs: "outputs",
  precision: "precision",
  shape: "shape",
  subspace: "subspace",
  terms: "terms",
  to: "output",
  verify: "verify",
};
const OPTION = /--([a-z]+(?:-[a-z]+)*)(?: (f32|f64|cpu|exact|hope|unmixed|mixed|along|gradient|hessian|\d+)\b)?/g;

/** A message with options of JavaScript in place of the command line's. */
export function inJavaScript(message) {
  return message
    .replaceAll("with the output of `hope adapters`", "with the names of your browser and GPU")
    .replace(OPTION, (text, name, value) => {
      if (!(name in OPTIONS)) return text;
      if (value === undefined) return OPTIONS[name];
      return `${OPTIONS[name]}: ${/^\d+$/.test(value) ? value : `"${value}"`}`;
    });
}

/** What can be sent from a worker, of anything that was thrown there. */
export function plain(thrown) {
  if (thrown instanceof WebAssembly.RuntimeError) {
    const message = "hope failed unexpectedly; this is a bug, please report it with the message on the console";
    return { name: "BugError", message, fatal: true };
  }
  if (!(thrown instanceof Error)) return { name: "BugError", message: String(thrown), fatal: false };
  return { name: thrown.name, message: inJavaScript(thrown.message), fatal: false };
}
