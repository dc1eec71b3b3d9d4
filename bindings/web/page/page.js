// The page: what people choose, and what has to be computed anew then. Numbers, pictures and words are the library's.

import * as hope from "../js/index.js";
import * as bench from "./bench.js";
import * as board from "./board.js";
import * as classes from "./classes.js";
import * as downloads from "./downloads.js";
import { MNIST, digit, show } from "./examples.js";
import { points } from "./images.js";
import { layout } from "./layout.js";
import * as maps from "./maps.js";
import * as pairs from "./pairs.js";
import { at, state } from "./state.js";
import * as tabs from "./tabs.js";
import * as way from "./way.js";

/** What is computed, in this order; what fails in the last two is said there. */
const PANELS = [classes, maps, way, pairs];
const [ALL, MAPS, WAY] = [0, 1, 2];

let controller = new AbortController();
let running = false;
let dirty = PANELS.length;

/** Computes anew, from a panel on. One computation runs at a time; what it began before the change is dropped. */
async function refresh(from) {
  dirty = Math.min(dirty, from);
  controller.abort();
  if (running) return;
  running = true;
  while (dirty < PANELS.length) {
    controller = new AbortController();
    await round(controller.signal);
  }
  running = false;
}

async function round(signal) {
  const begun = performance.now();
  tell("Computing…");
  at("explain").classList.remove("stale");
  try {
    check();
    await chosenNetwork();
    while (dirty < PANELS.length) {
      const index = dirty;
      dirty += 1;
      try {
        await PANELS[index].update(signal);
      } catch (error) {
        if (signal.aborted) dirty = Math.min(dirty, index);
        signal.throwIfAborted();
        if (!PANELS[index].fail) throw error;
        PANELS[index].fail(error.message);
      }
      signal.throwIfAborted();
    }
    const took = performance.now() - begun;
    tell(`Computed in ${took.toFixed(0)} ms. ${state.exact?.note ?? ""}`);
  } catch (error) {
    if (signal.aborted) return;
    dirty = PANELS.length;
    at("explain").classList.add("stale");
    if (error.name === "BugError") forget();
    tell(error.message, true);
  }
}

/** The engine has failed, and all networks are gone with it: they are read again. */
function forget() {
  loaded.clear();
  if (state.network) state.network.key = undefined;
}

function tell(text, wrong = false) {
  at("state").className = wrong ? "wrong" : "";
  at("state").textContent = text;
}

/** Takes over what the form says. */
function check() {
  if (!at("choices").checkValidity()) throw new Error("One of the numbers can't be.");
  state.order = at("order").valueAsNumber;
  state.delta = at("delta").valueAsNumber;
  state.device = at("device").value;
}

/** Networks by the value of their option: where they are, or files. */
const files = new Map();
const loaded = new Map();

/** Reads the network that is chosen. */
async function chosenNetwork() {
  const name = at("network").value;
  if (state.network?.key === name) return;
  if (!loaded.has(name)) loaded.set(name, hope.load(files.get(name) ?? new URL(`${name}.onnx`, MNIST)));
  try {
    const model = await loaded.get(name);
    take({ key: name, name: name.replace(/\.onnx$/i, ""), model, layout: layout(model.inputShape) });
  } catch (error) {
    loaded.delete(name);
    throw error;
  }
}

/** Another network; the input stays if it fits. */
function take(network) {
  state.network = network;
  state.output = undefined;
  state.exact = undefined;
  const { rows, columns, size } = network.layout;
  if (state.point?.length !== size) state.point = new Float64Array(size).fill(0.5);
  if (state.pixel >= rows * columns) state.pixel = Math.floor((rows * columns) / 2);
  at("digits").hidden = size !== 784;
  at("direction").querySelector("[value=digit]").disabled = size !== 784;
  if (size !== 784) way.towardsPixel();
  board.draw();
}

/** Another input. */
function give(point) {
  state.point = Float64Array.from(point);
  state.output = undefined;
  if (state.network) board.draw();
  refresh(ALL);
}

/** A file that was dropped or opened. */
async function open(file) {
  try {
    if (/\.onnx$/i.test(file.name)) {
      files.set(file.name, file);
      loaded.delete(file.name);
      const select = at("network");
      if (![...select.options].some(({ value }) => value === file.name)) select.add(new Option(file.name, file.name));
      if (state.network?.key === file.name) state.network.key = undefined;
      select.value = file.name;
      return refresh(ALL);
    }
    const [first] = await points(file, state.network.layout);
    give(first);
  } catch (error) {
    tell(error.message, true);
  }
}

function listen() {
  tabs.listen();
  bench.listen();
  downloads.listen((error) => tell(error.message, true));
  way.listen(() => refresh(WAY));
  board.listen((what) => {
    if (what === "point") return refresh(ALL);
    maps.pixel();
    way.towardsPixel();
    refresh(WAY);
  });
  at("choices").addEventListener("input", () => refresh(ALL));
  at("choices").addEventListener("submit", (event) => event.preventDefault());
  at("classes").addEventListener("change", ({ target }) => {
    state.output = Number(target.value);
    refresh(MAPS);
  });
  at("file").addEventListener("change", ({ target }) => {
    if (target.files[0]) open(target.files[0]);
    target.value = "";
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", ({ relatedTarget }) => relatedTarget ?? document.body.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  });
}

listen();
try {
  state.pixel = 14 * 28 + 14;
  await show(give);
  give(await digit(12));
} catch (error) {
  tell(error.message, true);
}
