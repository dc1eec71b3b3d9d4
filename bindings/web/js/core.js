// The engine on the thread that this runs on: a worker, or the only one.

import { plain } from "./errors.js";
import init, { Archive, Network, Polynomial, Watch, bench, chart, maps, readNpy, workloads } from "./pkg/hope_web.js";

/** How often progress is looked at, in milliseconds. */
const MOMENT = 50;

const inNode = typeof process !== "undefined" && process.versions?.node !== undefined;

let started;

/** Loads the compiled code, once. */
function start() {
  started ??= (async () => {
    const code = new URL("./pkg/hope_web_bg.wasm", import.meta.url);
    if (!inNode) return init({ module_or_path: code });
    const { readFile } = await import("node:fs/promises");
    return init({ module_or_path: await readFile(code) });
  })();
  return started;
}

/** A promise that settles once the thread has looked at what else there is to do: timers take at least 4 ms, messages nothing. */
const pause = (() => {
  if (inNode) return () => new Promise((resolve) => setImmediate(resolve));
  const waiting = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => waiting.shift()();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(0);
    });
})();

const networks = new Map();
const polynomials = new Map();
const runs = new Map();

/** Keeps a polynomial, and says what it is. */
function kept(id, polynomial) {
  polynomials.set(id, polynomial);
  const { variables, centre, degree, length } = polynomial;
  return { variables, centre: Array.from(centre), degree, length };
}

const methods = {
  load(_, id, file, choices) {
    const network = new Network(file, choices);
    networks.set(id, network);
    const { inputShape, outputShape, parameters } = network;
    return { inputShape, outputShape, parameters };
  },

  async expand(run, id, points, rows, wanted) {
    return networks.get(id).expand(points, rows, wanted, run.watch, pause);
  },

  async heatmap(run, id, ...parameters) {
    return networks.get(id).heatmap(...parameters, run.watch, pause);
  },

  async interactions(run, id, ...parameters) {
    return networks.get(id).interactions(...parameters, run.watch, pause);
  },

  async along(run, id, ...parameters) {
    return networks.get(id).along(...parameters, run.watch, pause);
  },

  maps(_, grid, numbers) {
    return maps(grid, numbers);
  },

  chart(_, wanted) {
    return chart(wanted);
  },

  npy(_, file) {
    return readNpy(file);
  },

  /** An archive of `{ data, shape }` by name. */
  npz(_, arrays) {
    const archive = new Archive();
    for (const [name, { data, shape }] of Object.entries(arrays)) {
      if (data instanceof Uint8Array) archive.bytes(name, Uint32Array.from(shape), data);
      else archive.numbers(name, Uint32Array.from(shape), data);
    }
    return archive.finish();
  },

  /** A polynomial: `kind` is one of the ways in which `Polynomial` is made. */
  polynomial(_, id, kind, ...parameters) {
    return kept(id, Polynomial[kind](...parameters));
  },

  /** What a polynomial is asked for. */
  ask(_, id, what, ...parameters) {
    return polynomials.get(id)[what](...parameters);
  },

  recentre(_, id, from, centre) {
    return kept(id, polynomials.get(from).recentre(centre));
  },

  workloads(_, id, quick) {
    return workloads(networks.get(id), quick);
  },

  async bench(run, id, wanted) {
    return bench(networks.get(id), wanted, (text) => run.tell(JSON.parse(text)), run.watch, pause);
  },

  free(_, id) {
    for (const all of [networks, polynomials]) {
      all.get(id)?.free();
      all.delete(id);
    }
  },
};

/** Calls a method; `send` gets `{ call, progress }`, `{ call, part }` of what there is already, and at last `{ call, result }` or `{ call, error }`. */
export async function handle({ call, method, parameters }, send) {
  let timer;
  try {
    await start();
    const watch = new Watch();
    runs.set(call, watch);
    let told = 0;
    const tell = () => {
      const { done, total } = watch;
      if (done > told) send({ call, progress: { done, total } });
      told = Math.max(told, done);
    };
    timer = setInterval(tell, MOMENT);
    const result = await methods[method]({ watch, tell: (part) => send({ call, part }) }, ...parameters);
    tell();
    send({ call, result });
  } catch (thrown) {
    send({ call, error: plain(thrown) });
  } finally {
    clearInterval(timer);
    runs.delete(call);
  }
}

/** Ends a call after its present piece of work. */
export function stop(call) {
  runs.get(call)?.stop();
}
