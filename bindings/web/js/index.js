// hope: high-order Taylor polynomials of trained neural networks.

import { browser } from "./browser.js";
import { HopeError } from "./errors.js";
import { rows } from "./numbers.js";
import { Polynomial, made } from "./polynomial.js";

export { HopeError };

/** Where the engine is: in a worker, or where there are none, on this thread. */
class Engine {
  #calls = new Map();
  #count = 0;
  #worker;
  dead = false;

  constructor() {
    if (typeof Worker === "undefined") return;
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#take(data);
    this.#worker.onerror = (event) => this.#end(event.message || "the worker cannot be started");
  }

  /** Calls a method of `core.js`. */
  async call(method, parameters, { signal, onProgress, onPart } = {}) {
    signal?.throwIfAborted();
    if (this.dead) throw new HopeError("BugError", "the engine has failed before: load the model again");
    const call = this.#count++;
    const stop = () => this.#stop(call);
    signal?.addEventListener("abort", stop);
    try {
      return await new Promise((resolve, reject) => {
        this.#calls.set(call, { resolve, reject, onProgress, onPart });
        this.#send({ call, method, parameters });
      });
    } catch (error) {
      // What the caller says of it says more.
      if (error.name === "AbortError") signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#calls.delete(call);
    }
  }

  async #send(message) {
    if (this.#worker) return this.#worker.postMessage(message);
    const { handle } = await import("./core.js");
    return handle(message, (answer) => this.#take(answer));
  }

  async #stop(call) {
    if (this.#worker) return this.#worker.postMessage({ stop: call });
    const { stop } = await import("./core.js");
    return stop(call);
  }

  #take({ call, progress, part, result, error }) {
    const { resolve, reject, onProgress, onPart } = this.#calls.get(call) ?? {};
    if (progress || part) {
      try {
        if (progress) onProgress?.(progress);
        else onPart?.(part);
      } catch (thrown) {
        this.#stop(call);
        reject?.(thrown);
      }
    } else if (error) {
      reject?.(new HopeError(error.name, error.message));
      if (error.fatal) this.#end(error.message);
    } else resolve?.(result);
  }

  /** The engine is of no more use. */
  #end(message) {
    this.dead = true;
    this.#worker?.terminate();
    for (const { reject } of this.#calls.values()) reject(new HopeError("BugError", message));
  }
}

let engine;
let count = 0;

function running() {
  if (!engine || engine.dead) engine = new Engine();
  return engine;
}

/** Reads an ONNX model: its bytes, a file, or where it is. */
export async function load(source, options = {}) {
  const file = await bytes(source);
  const [here, id] = [running(), count++];
  return new Model(here, id, await here.call("load", [id, file, JSON.stringify(options)]));
}

/** Draws images and maps side by side, as the program does: SVG. */
export async function maps({ panels, ...grid }) {
  const numbers = panels.map(({ values }) => rows(values, 1).data);
  const described = panels.map(({ values, ...panel }, i) => ({ ...panel, numbers: numbers[i].length }));
  const all = Float64Array.from(numbers.flatMap((own) => Array.from(own)));
  return running().call("maps", [JSON.stringify({ ...grid, panels: described }), all]);
}

/** Draws lines over two axes, as the program does: SVG. */
export async function chart(wanted) {
  const series = wanted.series.map(({ x, y, ...style }) => ({ ...style, x: Array.from(x), y: Array.from(y) }));
  return running().call("chart", [JSON.stringify({ ...wanted, series })]);
}

/** Reads an .npy file: its bytes, a file, or where it is. */
export async function npy(source) {
  return running().call("npy", [await bytes(source)]);
}

/** Writes an .npz file of all arrays `{ data, shape }` of an object, such as a result: its bytes. */
export async function npz(arrays) {
  const shaped = Object.entries(arrays).filter(([, value]) => ArrayBuffer.isView(value?.data) && Array.isArray(value.shape));
  return running().call("npz", [Object.fromEntries(shaped)]);
}

/** The polynomial of one output at one point of a result, or one that `toJson` has written. */
export async function polynomial(source, which = {}) {
  const [here, id] = [running(), count++];
  const [kind, ...parameters] = typeof source === "string" ? ["fromJson", source] : made(source, which);
  return new Polynomial(here, id, await here.call("polynomial", [id, kind, ...parameters]), () => count++);
}

/** Measures a device as `hope bench` does; what it gives is what `hope bench --json` writes. */
export async function bench({ device = "webgpu", quick = false, workloads = [], signal, onProgress, onRun } = {}) {
  let run;
  const onPart = (part) => {
    run = part;
    onRun?.(part);
  };
  const wanted = JSON.stringify({ device, quick, workloads, ...(await browser(device)) });
  await withCnn((here, id) => here.call("bench", [id, wanted], { signal, onProgress, onPart }));
  return run;
}

/** Names of what `bench` measures. */
export async function workloads({ quick = false } = {}) {
  return withCnn((here, id) => here.call("workloads", [id, quick]));
}

/** Does something with the network that `bench` measures, which lies beside the compiled code. */
async function withCnn(act) {
  const [here, id] = [running(), count++];
  await here.call("load", [id, await bytes(new URL("./pkg/mnist_cnn_tanh.onnx", import.meta.url)), "{}"]);
  try {
    return await act(here, id);
  } finally {
    await here.call("free", [id]);
  }
}

async function bytes(source) {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (typeof Blob !== "undefined" && source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (new URL(source, import.meta.url).protocol === "file:") return onDisk(source);
  const answer = await fetch(source);
  if (!answer.ok) throw new HopeError("FileError", `${source}: the server says ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** A file, in Node.js. */
async function onDisk(path) {
  const { readFile } = await import("node:fs/promises");
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new HopeError("FileError", error.message);
  }
}

/** Checks that one output is chosen. */
function one(output) {
  if (!Number.isInteger(output) || output < 0) throw new HopeError("SelectionError", `output: ${output} is none, choose one`);
}

/** A network that has been read. */
class Model {
  #engine;
  #id;

  constructor(engine, id, { inputShape, outputShape, parameters }) {
    this.#engine = engine;
    this.#id = id;
    this.inputShape = inputShape;
    this.outputShape = outputShape;
    this.parameters = parameters;
  }

  /** Expands it into Taylor polynomials at points. */
  async expand(points, { signal, onProgress, directions, subspace, outputs, ...wanted }) {
    const width = this.inputShape.reduce((product, size) => product * size, 1);
    const along = subspace ?? directions;
    const { data, shape } = along === undefined ? { data: new Float64Array() } : rows(along, width);
    const json = JSON.stringify({
      ...wanted,
      outputs: typeof outputs === "number" ? [outputs] : outputs && [...outputs],
      shape,
      subspace: subspace !== undefined,
    });
    const found = await this.#engine.call("expand", [this.#id, rows(points, width).data, data.slice(), json], { signal, onProgress });
    if (shape) found[subspace ? "subspace" : "directions"] = { data, shape };
    return found;
  }

  /** Predicted changes of an output for changing each input, alone, order by order. */
  async heatmap(point, { output, delta, deltas, baseline, signal, ...wanted }) {
    one(output);
    const push = baseline ?? deltas ?? [delta ?? 1];
    const numbers = [point, push].map((numbers) => rows(numbers, 1).data);
    const parameters = [numbers[0], output, numbers[1], baseline !== undefined, JSON.stringify(wanted)];
    return this.#engine.call("heatmap", [this.#id, ...parameters], { signal });
  }

  /** Second-order coefficients of pairs of inputs: of those named, or of the strongest. */
  async interactions(point, { output, inputs = [], strongest = 16, delta = 1, signal, ...wanted }) {
    one(output);
    const json = JSON.stringify({ ...wanted, order: 2 });
    const parameters = [rows(point, 1).data, output, Uint32Array.from(inputs), strongest, delta, json];
    return this.#engine.call("interactions", [this.#id, ...parameters], { signal });
  }

  /** An output along a direction, and its polynomials: `t` from 0 to 1 unless `range` says otherwise. */
  async along(point, direction, { output, range = [0, 1], samples = 161, tolerance = 1e-2, signal, ...wanted }) {
    one(output);
    const [from, to] = range;
    const way = JSON.stringify({ output, from, to, samples, tolerance });
    const parameters = [rows(point, 1).data, rows(direction, 1).data, way, JSON.stringify(wanted)];
    return this.#engine.call("along", [this.#id, ...parameters], { signal });
  }

  /** Gives its memory back. */
  async free() {
    if (!this.#engine.dead) await this.#engine.call("free", [this.#id]);
  }
}
