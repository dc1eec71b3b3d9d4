// The engine on the thread that this runs on: a worker, or the only one.

import { plain } from "./errors.js";
import init, { Network, Watch, maps } from "./pkg/hope_web.js";

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
const runs = new Map();

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

  maps(_, grid, numbers) {
    return maps(grid, numbers);
  },

  free(_, id) {
    networks.get(id)?.free();
    networks.delete(id);
  },
};

/** Calls a method; `send` gets `{ call, progress }`, and at last `{ call, result }` or `{ call, error }`. */
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
    const result = await methods[method]({ watch }, ...parameters);
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
