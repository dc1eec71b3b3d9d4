// `hope bench` in the browser: what it measures is right, and its file is the program's.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { bench, workloads } from "../js/index.js";
import { WEBGPU, launch, listened, serve, skip } from "./browser.js";
import { repository } from "./npz.js";

const programs = ["target/release/hope", "target/debug/hope"].map((path) => repository(path).pathname);
const program = process.env.HOPE_PROGRAM ?? programs.find(existsSync);

/** What all measurements have to be. */
function sound(run, names) {
  assert.deepEqual([run.schema, run.schema_version, run.quick], ["hope-bench", 1, true]);
  const [device] = run.devices;
  assert.ok(device.peak.flops_per_second > 0 && device.peak.bytes_per_second > 0);
  assert.deepEqual(device.workloads.map(({ workload }) => workload), names);
  for (const { workload, status, per_second, deviation, tolerance } of device.workloads) {
    assert.equal(status, "ok", workload);
    assert.ok(per_second > 0 && deviation <= tolerance, workload);
  }
}

const TRUTHS = ["cnn-truth-6", "cnn-truth-gradient-3", "cnn-truth-hessian-2"];

test("on the processor, in Node.js: progress, parts, an abort", async () => {
  const all = await workloads({ quick: true });
  assert.ok(all.includes("cnn-exact-3-x1") && all.includes("product-256"));
  const [steps, parts] = [[], []];
  const options = { device: "cpu", quick: true, workloads: ["truth", "product-256"] };
  const run = await bench({ ...options, onProgress: (step) => steps.push(step), onRun: (part) => parts.push(part) });
  sound(run, [...TRUTHS, "product-256"]);
  assert.equal(run.devices[0].kind, "cpu");
  assert.equal(parts.length, 5);
  assert.deepEqual(steps.at(-1), { done: 5, total: 5 });
  await assert.rejects(bench({ ...options, workloads: ["nothing"] }), /RequestError|choose/);
  await assert.rejects(bench({ ...options, device: "tpu" }), { name: "RequestError" });
  const controller = new AbortController();
  const stopped = bench({ ...options, quick: false, workloads: [], signal: controller.signal, onRun: () => controller.abort(new Error("enough")) });
  await assert.rejects(stopped, /enough/);
});

test("on the page: a table, a file, and a report with the program's", { skip }, async (t) => {
  const server = await serve();
  const browser = await launch(WEBGPU);
  const folder = mkdtempSync("/tmp/hope-bench-");
  try {
    const { page, complaints, requests } = await listened(browser, { viewport: { width: 1280, height: 800 } });
    await page.goto(`${server.origin}/bindings/web/page/index.html`);
    await page.locator("#tab-bench").click();
    await page.locator("#bench-only").fill("mlp-exact-3-x1, truth, product-256");
    const state = (pattern) => page.waitForFunction((source) => new RegExp(source).test(document.getElementById("bench-state").textContent), pattern, { timeout: 120_000 });
    await page.locator("#bench-start").click();
    await state("^Measured\\.");
    const names = ["mlp-exact-3-x1", "mlp-exact-3-x16", ...TRUTHS, "product-256"];
    assert.deepEqual(await page.locator("#bench-table tbody th").allInnerTexts(), names);
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#bench-take").click()]);
    writeFileSync(`${folder}/browser.json`, readFileSync(await download.path()));
    const run = JSON.parse(readFileSync(`${folder}/browser.json`, "utf8"));
    sound(run, names);
    assert.deepEqual([run.devices[0].kind, run.devices[0].backend, run.devices[0].precision], ["software", "webgpu", "f32"]);
    if (process.env.HOPE_SCREENSHOTS) await page.screenshot({ path: `${process.env.HOPE_SCREENSHOTS}/bench.png`, fullPage: true });

    // Stopped in the middle: what there is can be saved.
    await page.locator("#bench-only").fill("");
    await page.locator("#bench-start").click();
    await page.waitForFunction(() => document.querySelector("#bench-table tbody"));
    await page.locator("#bench-stop").click();
    await state("^Stopped");
    assert.ok(await page.locator("#bench-take").isEnabled());
    assert.deepEqual(complaints, []);
    assert.ok(requests.every((url) => url.startsWith(server.origin) || url.startsWith("data:") || url.startsWith("blob:")));

    if (!program) return t.diagnostic("no report: there is no program in target/, nor in HOPE_PROGRAM");
    const hope = (...parameters) => execFileSync(program, parameters, { cwd: folder, stdio: "pipe" });
    hope("bench", "--device", "cpu", "--quick", "--workloads", "product-256,truth", "--json", "native.json");
    hope("bench", "report", "browser.json", "native.json", "--out", "report.md");
    const report = readFileSync(`${folder}/report.md`, "utf8");
    const { devices } = JSON.parse(readFileSync(`${folder}/native.json`, "utf8"));
    for (const { name } of [run.devices[0], devices[0]]) assert.ok(report.includes(name), `${name} is in\n${report}`);
    for (const name of names) assert.ok(report.includes(name), name);
    assert.match(readFileSync(`${folder}/report.svg`, "utf8"), /^<svg /);
  } finally {
    rmSync(folder, { recursive: true });
    await browser.close();
    server.close();
  }
});
