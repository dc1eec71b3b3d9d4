// In Chromium: the engine in a worker, on the processor and on WebGPU.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { WEBGPU, open, serve, skip } from "./browser.js";
import { deviation, readNpz, repository } from "./npz.js";

const ORDER = 3;
const POINTS = 2;

const reference = (name) => readNpz(repository(`tests/fixtures/reference/${name}.npz`));

/** Expands a model of `examples/mnist` in the page. */
function expand(page, name, options, points) {
  return page.evaluate(
    async ([name, options, points]) => {
      const model = await hope.load(`/examples/mnist/${name}.onnx`);
      const found = await model.expand(points, options);
      await model.free();
      const { unmixed, certificate, report, note } = found;
      return { data: Array.from(unmixed.data), shape: unmixed.shape, certificate, report, note };
    },
    [name, options, Array.from(points)],
  );
}

/** How far the first points' coefficients are from the reference. */
function off(found, truth) {
  assert.deepEqual(found.shape, [POINTS, 10, ORDER, 784]);
  return deviation(found.data, truth.data, { length: ORDER, found: ORDER, truth: 6 }, 784);
}

describe("in Chromium with WebGPU", { skip }, () => {
  let server, here;
  before(async () => {
    server = await serve();
    here = await open(server.origin, WEBGPU);
  });
  after(async () => {
    await here?.browser.close();
    server?.close();
  });

  for (const name of ["mnist_cnn_tanh", "mnist_mlp_gelu", "mnist_mlp1_sigmoid"]) {
    for (const [method, key] of [["exact", "unmixed"], ["hope", "published_rule_unmixed"]]) {
      test(`${name}, ${method}: on the processor to 1e-12, on WebGPU to 1e-4`, async () => {
        const truth = reference(name);
        const points = truth.points.data.slice(0, POINTS * 784);
        for (const [device, precision, tolerance] of [["cpu", "f64", 1e-12], ["webgpu", "f32", 1e-4]]) {
          const found = await expand(here.page, name, { order: ORDER, method, device }, points);
          const distance = off(found, truth[key]);
          assert.ok(distance < tolerance, `${device}: off by ${distance}`);
          assert.equal(found.report.precision, precision);
          assert.equal(found.report.device === "cpu", device === "cpu");
          assert.equal(found.certificate.exact, method === "exact" || name === "mnist_mlp1_sigmoid");
          if (device === "webgpu") assert.ok(found.report.verify.max_relative_deviation < 1e-4);
        }
      });
    }
  }

  test("a driver that computes on the processor is no GPU, and a note says so", async () => {
    const found = await expand(here.page, "mnist_mlp_tanh", { order: 1 }, new Float64Array(784));
    assert.equal(found.report.device, "cpu");
    assert.match(found.note, /^Computed on the processor: there is no hardware GPU; found: 'webgpu'/);
    assert.doesNotMatch(found.note, /driver|--/);
  });

  for (const device of ["cpu", "webgpu"]) {
    test(`${device}: the page stays responsive, and an abort ends a run within a second`, async () => {
      const { longest, waited, reason, told } = await here.page.evaluate(async (device) => {
        const tasks = [];
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" });
        const model = await hope.load("/examples/mnist/mnist_cnn_tanh.onnx");
        const points = new Float64Array(60 * 784).fill(0.25);
        const controller = new AbortController();
        let [aborted, told] = [0, 0];
        const onProgress = ({ done, total }) => {
          told += 1;
          if (aborted === 0 && done < total) {
            aborted = performance.now();
            controller.abort(new Error("enough"));
          }
        };
        const run = model.expand(points, { order: 8, device, signal: controller.signal, onProgress });
        const reason = await run.then(() => "it ended", (error) => error.message);
        const waited = performance.now() - aborted;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return { longest: Math.max(0, ...tasks), waited, reason, told };
      }, device);
      assert.equal(reason, "enough");
      assert.ok(told > 0);
      assert.ok(waited < 1000, `it took ${waited} ms`);
      assert.ok(longest <= 50, `the page was blocked for ${longest} ms`);
    });
  }

  test("a device that is lost is replaced", async () => {
    const truth = reference("mnist_mlp_tanh");
    const points = truth.points.data.slice(0, POINTS * 784);
    // On the page's own thread, where the device can be got at.
    const found = await here.page.evaluate(
      async ([points, order]) => {
        const devices = [];
        const request = GPUAdapter.prototype.requestDevice;
        GPUAdapter.prototype.requestDevice = async function (...all) {
          devices.push(await request.apply(this, all));
          return devices.at(-1);
        };
        const { handle } = await import("/bindings/web/js/core.js");
        const call = (method, ...parameters) =>
          new Promise((resolve, reject) => {
            handle({ call: 0, method, parameters }, ({ progress, result, error }) => progress ?? (error ? reject(new Error(error.message)) : resolve(result)));
          });
        const file = new Uint8Array(await (await fetch("/examples/mnist/mnist_mlp_tanh.onnx")).arrayBuffer());
        await call("load", 0, file, "{}");
        const wanted = JSON.stringify({ order, device: "webgpu" });
        const expand = () => call("expand", 0, Float64Array.from(points), new Float64Array(), wanted);
        await expand();
        // Between two runs, then within one, as soon as its first commands are there.
        devices.at(-1).destroy();
        await devices.at(-1).lost;
        await expand();
        const submit = GPUQueue.prototype.submit;
        GPUQueue.prototype.submit = function (...all) {
          GPUQueue.prototype.submit = submit;
          devices.at(-1).destroy();
          return submit.apply(this, all);
        };
        const { unmixed } = await expand();
        GPUAdapter.prototype.requestDevice = request;
        return { data: Array.from(unmixed.data), shape: unmixed.shape, devices: devices.length };
      },
      [Array.from(points), ORDER],
    );
    assert.equal(found.devices, 3);
    assert.ok(off(found, truth.unmixed) < 1e-4);
  });

  test("nothing leaves the machine, and the console has nothing to complain of", () => {
    assert.ok(here.requests.length > 0 && here.requests.every((url) => url.startsWith(server.origin)));
    assert.deepEqual(here.complaints, []);
  });
});

test("in Chromium without WebGPU: the processor, which a note says", { skip }, async () => {
  const server = await serve();
  const { browser, page, complaints } = await open(server.origin, ["--disable-gpu"]);
  try {
    const truth = reference("mnist_mlp_tanh");
    const points = truth.points.data.slice(0, POINTS * 784);
    const found = await expand(page, "mnist_mlp_tanh", { order: ORDER }, points);
    assert.ok(off(found, truth.unmixed) < 1e-12);
    assert.match(found.note, /^Computed on the processor: .*the browser offers no WebGPU here/);
    const wanted = expand(page, "mnist_mlp_tanh", { order: ORDER, device: "webgpu" }, points);
    await assert.rejects(wanted, /DeviceError.*the browser offers no WebGPU here/);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    server.close();
  }
});
