// The bench tab: `hope bench` on the visitor's device.

import * as hope from "../js/index.js";
import { save } from "./images.js";
import { at, make, short } from "./state.js";

const [start, stop, take, progress] = ["bench-start", "bench-stop", "bench-take", "bench-progress"].map(at);
let controller;
let run;

const percent = (share) => (share === undefined ? "" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`);

/** 1.23e9 as "1.23 G". */
function large(x) {
  if (!Number.isFinite(x)) return "";
  const step = Math.max(0, Math.min(4, Math.floor(Math.log10(x) / 3)));
  return `${short(x / 1000 ** step, 2)} ${["", "k", "M", "G", "T"][step]}`.trim();
}

/** All measurements of a device. */
function table({ devices: [device] }) {
  const title = ["workload", "per second", "spread", "operations/s", "of peak", "off by"];
  const head = make("tr", {}, ...title.map((textContent) => make("th", { textContent, scope: "col" })));
  const rows = device.workloads.map((row) => {
    const cells = row.seconds
      ? [
          large(row.per_second) + (row.reduced ? " ~" : ""),
          `± ${(50 * (row.seconds.high - row.seconds.low) / row.seconds.median).toFixed(0)} %`,
          large(row.flops_per_second),
          percent(row.share_of_peak_flops),
          `${(row.deviation ?? NaN).toExponential(0)}${row.status === "wrong" ? ": wrong" : ""}`,
        ].map((textContent) => make("td", { textContent }))
      : [make("td", { colSpan: 5, textContent: `${row.status}: ${row.reason}` })];
    return make("tr", { className: row.status }, make("th", { textContent: row.workload, scope: "row" }), ...cells);
  });
  at("bench-table").replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
}

/** What the device can do, in words. */
function about({ devices: [{ name, peak, error }] }) {
  const most = peak ? `: ${large(peak.flops_per_second)} operations and ${large(peak.bytes_per_second)} bytes per second at the most` : "";
  return `${name}${most}${error ? `; ${error}` : ""}.`;
}

function show(found) {
  run = found;
  take.disabled = false;
  table(found);
  at("bench-state").textContent = about(found);
}

async function measure() {
  controller = new AbortController();
  [start.disabled, stop.disabled, take.disabled] = [true, false, true];
  run = undefined;
  at("bench-table").replaceChildren();
  Object.assign(progress, { hidden: false, value: 0 });
  at("bench-state").className = "";
  at("bench-state").textContent = "Measuring: what the device can do at the most…";
  try {
    await hope.bench({
      device: at("bench-device").value,
      quick: at("bench-quick").value === "quick",
      workloads: at("bench-only").value.split(",").map((part) => part.trim()).filter(Boolean),
      signal: controller.signal,
      onProgress: ({ done, total }) => (progress.value = done / total),
      onRun: show,
    });
    at("bench-state").textContent = `Measured. ${about(run)}`;
  } catch (error) {
    const stopped = controller.signal.aborted;
    at("bench-state").className = stopped ? "" : "wrong";
    at("bench-state").textContent = stopped ? "Stopped; what there is can be saved." : error.message;
  } finally {
    [start.disabled, stop.disabled, progress.hidden] = [false, true, true];
  }
}

/** Makes the tab work. */
export function listen() {
  at("bench-choices").addEventListener("submit", (event) => {
    event.preventDefault();
    measure();
  });
  stop.addEventListener("click", () => controller.abort());
  take.addEventListener("click", () => save("hope-bench.json", `${JSON.stringify(run, null, 2)}\n`, "application/json"));
}
