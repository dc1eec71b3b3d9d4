// On the processor, in node: numbers against independent ones in f64, and errors.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { load, maps } from "../js/index.js";
import { deviation, readNpz, repository } from "./npz.js";

const reference = (name) => readNpz(repository(`tests/fixtures/reference/${name}.npz`));
const mnist = (name) => readFileSync(repository(`examples/mnist/${name}.onnx`));
const small = (name) => readFileSync(repository(`tests/fixtures/reference/${name}.onnx`));

for (const name of ["mnist_cnn_tanh", "mnist_mlp_gelu", "mnist_mlp1_sigmoid"]) {
  for (const [method, key] of [["exact", "unmixed"], ["hope", "published_rule_unmixed"]]) {
    test(`${name}, ${method}: to 1e-12 the reference`, async () => {
      const truth = reference(name);
      const model = await load(mnist(name));
      assert.deepEqual(model.inputShape, [1, 28, 28]);
      assert.deepEqual(model.outputShape, [10]);
      const order = 4;
      const found = await model.expand(truth.points.data, { order, method, device: "cpu" });
      assert.deepEqual(found.unmixed.shape, [4, 10, order, 784]);
      assert.deepEqual(found.points.shape, [4, 784]);
      const orders = { length: order, found: order, truth: 6 };
      const off = deviation(found.unmixed.data, truth[key].data, orders, 784);
      assert.ok(off < 1e-12, `off by ${off}`);
      assert.ok(deviation(found.value.data, truth.value.data, { length: 1, found: 1, truth: 1 }, 10) < 1e-13);
      assert.equal(found.certificate.exact, method === "exact" || name === "mnist_mlp1_sigmoid");
      assert.equal(found.report.method, method);
      assert.equal(found.report.precision, "f64");
      await model.free();
    });
  }
}

test("a perturbed coefficient is seen", () => {
  const truth = reference("discover_2d").unmixed;
  const found = truth.data.slice();
  found[3] *= 1 + 1e-9;
  const orders = { length: 6, found: 6, truth: 6 };
  assert.ok(deviation(found, truth.data, orders, 2) > 1e-12);
  assert.equal(deviation(truth.data, truth.data, orders, 2), 0);
});

for (const [name, inputs] of [["discover_2d", 2], ["discover_5d", 5]]) {
  test(`${name}: mixed terms, in a subspace, along directions`, async () => {
    const truth = reference(name);
    const model = await load(small(name));
    const points = truth.points.data;
    const found = await model.expand(points, { order: 4, terms: "mixed" });
    assert.deepEqual(found.exponents.shape, truth.exponents.shape);
    assert.deepEqual(Array.from(found.exponents.data), Array.from(truth.exponents.data, Number));
    const all = { length: 1, found: 1, truth: 1 };
    assert.ok(deviation(found.mixed.data, truth.mixed.data, all, truth.mixed.shape[2]) < 1e-12);

    const unit = Array.from({ length: inputs }, (_, i) => Array.from({ length: inputs }, (_, j) => Number(i === j)));
    const subspace = await model.expand(points, { order: 4, subspace: unit });
    assert.ok(deviation(subspace.mixed.data, truth.mixed.data, all, truth.mixed.shape[2]) < 1e-12);

    const along = await model.expand(points, { order: 6, directions: unit, verify: 2 });
    assert.deepEqual(along.along.shape, [points.length / inputs, 1, 6, inputs]);
    const orders = { length: 6, found: 6, truth: 6 };
    assert.ok(deviation(along.along.data, truth.unmixed.data, orders, inputs) < 1e-12);
    assert.ok(along.report.verify.max_relative_deviation < 1e-12);

    // Order 1 is the gradient.
    const gradient = await model.expand(points, { order: 1, terms: "gradient" });
    const first = { length: 1, found: 1, truth: 6 };
    assert.ok(deviation(gradient.gradient.data, truth.unmixed.data, first, inputs) < 1e-12);
  });
}

test("a heat map is sums of the coefficients times powers, and interactions are mixed ones", async () => {
  const truth = reference("mnist_mlp_tanh");
  const point = truth.points.data.slice(0, 784);
  const model = await load(mnist("mnist_mlp_tanh"));
  const [order, delta, output] = [3, 0.5, 7];
  const map = await model.heatmap(point, { order, delta, output });
  assert.deepEqual(map.predicted.shape, [order, 1, 28, 28]);
  const c = (k, i) => truth.unmixed.data[(output * 6 + k - 1) * 784 + i];
  const sums = Float64Array.from({ length: order * 784 }, (_, at) => {
    const [n, i] = [Math.floor(at / 784) + 1, at % 784];
    return Array.from({ length: n }, (_, k) => c(k + 1, i) * delta ** (k + 1)).reduce((a, b) => a + b);
  });
  assert.ok(deviation(map.predicted.data, sums, { length: order, found: order, truth: order }, 784) < 1e-12);
  assert.ok(map.certificate.exact && map.acrossKinks === 0);
  assert.ok(Math.abs(map.value - truth.value.data[output]) < 1e-12);
  // To where it is already, but for one pixel.
  const baseline = point.slice();
  baseline[300] += delta;
  const one = await model.heatmap(point, { order, baseline, output });
  assert.ok(Math.abs(one.predicted.data[2 * 784 + 300] - sums[2 * 784 + 300]) < 1e-12);
  assert.equal(one.predicted.data[2 * 784 + 301], 0);
  const svg = await maps({
    title: "class 7",
    columns: 2,
    panels: [
      { title: "digit", rows: 28, values: point },
      { title: "order 1", rows: 28, values: map.predicted.data.subarray(0, 784), limit: 1, bar: true },
    ],
  });
  assert.match(svg, /^<svg [^]*<\/svg>\s*$/);
  await assert.rejects(maps({ columns: 1, panels: [{ rows: 3, values: [1, 2] }] }), { name: /Error$/ });
  await assert.rejects(model.heatmap(point, { order }), /SelectionError|choose one/);
  await assert.rejects(model.heatmap(point, { order, output, delta: 0 }), { name: "RequestError" });

  const small2 = reference("discover_2d");
  const pair = await (await load(small("discover_2d"))).interactions(small2.points.data.slice(0, 2), { output: 0 });
  // Exponents by degree, then the larger power of the first variable: 1, x, y, x², xy, y².
  const [xx, xy, yy] = small2.mixed.data.slice(3, 6);
  assert.deepEqual(pair.inputs, [0, 1]);
  assert.ok(deviation(pair.matrix.data, [xx, xy, xy, yy], { length: 1, found: 1, truth: 1 }, 4) < 1e-12);
  assert.equal(pair.pairs.length, 1);
  assert.equal(pair.pairs[0].coefficient, pair.matrix.data[1]);
});

test("points are typed arrays, nested ones, or with a shape; outputs are selected", async () => {
  const model = await load(mnist("mnist_mlp_tanh"));
  const digit = Array.from({ length: 28 }, (_, y) => Array.from({ length: 28 }, (_, x) => ((x * y) % 7) / 7));
  const flat = Float32Array.from(digit.flat());
  const results = [];
  for (const points of [flat, digit, [digit], [[digit]], { data: flat, shape: [1, 1, 28, 28] }]) {
    const result = await model.expand(points, { order: 2, outputs: points === flat ? 3 : [3] });
    assert.deepEqual(result.unmixed.shape, [1, 1, 2, 784]);
    results.push(result.unmixed.data);
  }
  assert.ok(deviation(results[1], results[0], { length: 2, found: 2, truth: 2 }, 784) < 1e-6); // f32
  for (const other of results.slice(2, 4)) assert.deepEqual(other, results[1]);
});

test("errors are of a kind and have the library's words", async () => {
  const thrown = async (act) => {
    try {
      await act();
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
    return "nothing was thrown";
  };
  assert.match(await thrown(() => load(new Uint8Array([1, 2, 3]))), /^FormatError: /);
  assert.match(await thrown(() => load(mnist("mnist_mlp_tanh"), { shap: [1] })), /^RequestError: the options: unknown field `shap`/);
  const model = await load(mnist("mnist_mlp_tanh"));
  const point = new Float64Array(784);
  assert.match(await thrown(() => model.expand(new Float64Array(783), { order: 2 })), /^ShapeError: .*784/);
  assert.match(await thrown(() => model.expand(point, { order: 2, outputs: [10] })), /^SelectionError: .*10/);
  assert.match(await thrown(() => model.expand(point, { order: 2, method: "taylor" })), /^RequestError: .*'exact', or 'hope'/);
  assert.match(await thrown(() => model.expand(point, { ordr: 2 })), /^RequestError: the options: unknown field `ordr`/);
  assert.match(
    await thrown(() => model.expand(point, { order: 2, directions: point.fill(1), method: "hope" })),
    /^RequestError: .*use method: "exact"$/,
  );
  assert.match(await thrown(() => model.expand(point, { order: 2, memory: 1000 })), /^MemoryLimitError: (?!.*--)/);
});

test("progress, and an abort within a second", async () => {
  const model = await load(mnist("mnist_cnn_tanh"));
  const points = new Float64Array(40 * 784).fill(0.25);
  const seen = [];
  const controller = new AbortController();
  const begun = performance.now();
  let ended;
  setTimeout(() => {
    ended = performance.now();
    controller.abort(new Error("enough"));
  }, 500);
  const run = model.expand(points, { order: 6, onProgress: (progress) => seen.push(progress), signal: controller.signal });
  await assert.rejects(run, /enough/);
  assert.ok(performance.now() - ended < 1000, `${performance.now() - ended} ms`);
  assert.ok(ended - begun < 1000, "timers fire meanwhile");
  assert.ok(seen.length > 1 && seen.every(({ done, total }) => done < total));
  // The next run is none the worse.
  const done = [];
  await model.expand(points.subarray(0, 784), { order: 3, onProgress: (progress) => done.push(progress) });
  assert.equal(done.at(-1).done, done.at(-1).total);
  assert.throws(() => AbortSignal.abort().throwIfAborted());
  await assert.rejects(model.expand(points, { order: 1, signal: AbortSignal.abort() }), { name: "AbortError" });
});
