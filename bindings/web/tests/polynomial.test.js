// In Node.js: polynomials of results, ways, charts, files.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { chart, load, npy, npz, polynomial } from "../js/index.js";
import { deviation, readNpz, repository } from "./npz.js";

const reference = (name) => readNpz(repository(`tests/fixtures/reference/${name}.npz`));
const small = (name) => readFileSync(repository(`tests/fixtures/${name}.onnx`));
const whole = { length: 1, found: 1, truth: 1 };
const near = (found, truth, tolerance = 1e-12) => {
  const off = deviation(found, truth, whole, truth.length);
  assert.ok(off < tolerance, `off by ${off}`);
};

test("mixed terms: values, gradients, texts, another centre", async () => {
  const truth = reference("discover_2d");
  const model = await load(small("reference/discover_2d"));
  const found = await model.expand(truth.points.data, { order: 4, terms: "mixed" });
  const at = 1;
  const p = await polynomial(found, { point: at });
  const centre = Array.from(truth.points.data.slice(2 * at, 2 * at + 2));
  assert.deepEqual(p.variables, ["x1", "x2"]);
  assert.deepEqual(p.centre, centre);
  assert.deepEqual([p.degree, p.length], [4, 15]);

  // The reference's own terms, summed here.
  const [terms, exponents] = [truth.mixed.shape[2], truth.exponents.data];
  const c = truth.mixed.data.slice(at * terms, (at + 1) * terms);
  const points = [0.1, -0.2, 0.3, 0.05, -0.4, 0.2].map((u, i) => centre[i % 2] + u);
  const sum = (point, weight) => {
    const [u, v] = [point[0] - centre[0], point[1] - centre[1]];
    return c.reduce((total, c, i) => total + c * weight(u, v, Number(exponents[2 * i]), Number(exponents[2 * i + 1])), 0);
  };
  const pairs = [0, 1, 2].map((i) => points.slice(2 * i, 2 * i + 2));
  near(await p.evaluate(points), pairs.map((point) => sum(point, (u, v, a, b) => u ** a * v ** b)));
  const slopes = pairs.flatMap((point) => [
    sum(point, (u, v, a, b) => (a ? a * u ** (a - 1) * v ** b : 0)),
    sum(point, (u, v, a, b) => (b ? b * u ** a * v ** (b - 1) : 0)),
  ]);
  near(await p.gradient(points), slopes);
  near(await p.evaluate(pairs), await p.evaluate(Float64Array.from(points)));

  const moved = await p.recentre([0, 0]);
  assert.deepEqual(moved.centre, [0, 0]);
  near(await moved.evaluate(points), await p.evaluate(points));
  const all = await p.terms();
  assert.equal(all.length, 15);
  near(all.map(({ coefficient }) => coefficient), c);
  assert.deepEqual(all[4].powers, [["x1", 1], ["x2", 1]]);

  const again = await polynomial(await p.toJson());
  assert.deepEqual(await again.evaluate(points), await p.evaluate(points));
  assert.match(await moved.text({ digits: 3 }), /^-?[\d.e-]+ [+-] [\d.e-]+\*x1 [+-] /);
  assert.match(await moved.latex(3), /x_\{1\}\^\{2\}/);
  assert.match(await moved.text({ notation: "sympy" }), /x1\*\*2/);
  await assert.rejects(p.text({ notation: "word" }), { name: "RequestError" });
  await assert.rejects(p.evaluate([1, 2, 3]), { name: "ShapeError" });
  await assert.rejects(polynomial(found, { point: 9 }), { name: "SelectionError" });
  await assert.rejects(polynomial("{}"), { name: "FormatError" });
  for (const one of [p, moved, again]) await one.free();
});

test("along a direction, in a subspace, along each input", async () => {
  const truth = reference("discover_5d");
  const model = await load(small("reference/discover_5d"));
  const [first] = [truth.points.data.slice(0, 5)];
  const unit = [0, 1].map((i) => [0, 1, 2, 3, 4].map((j) => Number(i === j)));
  const c = (i, k) => truth.unmixed.data[(k - 1) * 5 + i];
  const series = (i, t) => truth.value.data[0] + [1, 2, 3, 4].reduce((sum, k) => sum + c(i, k) * t ** k, 0);

  const along = await polynomial(await model.expand(first, { order: 4, directions: unit }), { ray: 1 });
  assert.deepEqual([along.variables, along.centre, along.length], [["t"], [0], 5]);
  near(await along.evaluate([0.25, -0.5]), [series(1, 0.25), series(1, -0.5)]);

  const plane = await polynomial(await model.expand(first, { order: 4, subspace: unit }));
  assert.deepEqual(plane.variables, ["t1", "t2"]);
  near(await plane.evaluate([[0, 0.25], [0.5, 0]]), [series(1, 0.25), series(0, 0.5)]);

  const apart = await polynomial(await model.expand(first, { order: 4 }));
  const moved = Array.from(first, (x, i) => x + [0.25, 0, 0.5, 0, 0][i]);
  near(await apart.evaluate(moved), [series(0, 0.25) + series(2, 0.5) - truth.value.data[0]]);
  await assert.rejects(polynomial(await model.expand(first, { order: 1, terms: "gradient" })), { name: "RequestError" });
});

for (const name of ["export_net_gpt_block_dynamo_20", "export_net_vit_dynamo_20"]) {
  test(`${name}: a transformer along directions`, async () => {
    const truth = readNpz(repository(`tests/fixtures/operators/${name}.npz`));
    const model = await load(small(`operators/${name}`));
    const points = { data: truth.points.data, shape: [2, truth.directions.shape[1]] };
    const found = await model.expand(points, { order: 5, directions: truth.directions });
    assert.deepEqual(found.along.shape, truth.along.shape);
    assert.ok(found.certificate.exact);
    const orders = { length: 5, found: 5, truth: 5 };
    const off = deviation(found.along.data, truth.along.data, orders, 3);
    assert.ok(off < 1e-10, `off by ${off}`);
  });
}

test("a way: the network, its polynomials, and how far they hold", async () => {
  const truth = reference("mnist_mlp_tanh");
  const model = await load(repository("examples/mnist/mnist_mlp_tanh.onnx"));
  const point = truth.points.data.slice(0, 784);
  const direction = new Float64Array(784).fill(0);
  direction[406] = 1;
  const [order, output] = [4, 3];
  const way = await model.along(point, direction, { order, output, range: [-1, 1], samples: 21, tolerance: 1e-3 });
  assert.deepEqual([way.t.shape, way.network.shape, way.polynomials.shape], [[21], [21], [order, 21]]);
  assert.equal(way.kink, Infinity);
  const c = Array.from({ length: order }, (_, k) => truth.unmixed.data[(output * 6 + k) * 784 + 406]);
  near(way.coefficients.data, c);
  near(way.polynomials.data.slice(3 * 21), Array.from(way.t.data, (t) => truth.value.data[output] + c.reduce((sum, c, k) => sum + c * t ** (k + 1), 0)));
  assert.ok(Math.abs(way.network.data[10] - truth.value.data[output]) < 1e-12);
  // Higher orders hold further, and within the trust radius the error is what was tolerated.
  assert.ok(way.trust[3].radius > way.trust[0].radius);
  const { radius, limit } = way.trust[3];
  assert.ok(["tolerance", "convergence"].includes(limit));
  way.t.data.forEach((t, i) => {
    const error = Math.abs(way.polynomials.data[3 * 21 + i] - way.network.data[i]);
    if (Math.abs(t) <= radius) assert.ok(error < 2e-3, `${error} at ${t}`);
  });
  const relu = await load(repository("examples/mnist/mnist_cnn_relu_bn.onnx"));
  const black = point.map((x) => -x);
  const kinked = await relu.along(point, black, { order: 2, output });
  assert.ok(kinked.kink > 0 && kinked.kink < 1);
  assert.equal(kinked.trust[1].radius <= kinked.kink, true);
  assert.match(kinked.certificate.reason, /piecewise linear/);
  await assert.rejects(model.along(point, direction, { order }), { name: "SelectionError" });

  const series = [{ name: "network", x: way.t.data, y: way.network.data }];
  const svg = await chart({ title: "a way", x: { label: "t" }, series, guides: [{ x: 0.5, label: "half" }] });
  assert.match(svg, /^<svg [^]*<title>a way<\/title>[^]*<\/svg>\s*$/);
  await assert.rejects(chart({ series: [{ x: [0, 1], y: [NaN, 1] }] }), { name: "RequestError" });
});

test("archives for numpy, and its arrays", async () => {
  const model = await load(small("reference/discover_2d"));
  const found = await model.expand([0.5, -0.5, 0.25, 0.125], { order: 3, terms: "mixed" });
  const { mkdtempSync, rmSync, writeFileSync } = await import("node:fs");
  const folder = mkdtempSync("/tmp/hope-web-");
  try {
    writeFileSync(`${folder}/found.npz`, await npz(found));
    const read = readNpz(`${folder}/found.npz`);
    assert.deepEqual(Object.keys(read).sort(), ["exponents", "mixed", "points", "value"]);
    for (const [name, { data, shape }] of Object.entries(read)) {
      assert.deepEqual(shape, found[name].shape);
      assert.deepEqual(Array.from(data), Array.from(found[name].data));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const digits = await npy(repository("examples/mnist/digits.npy"));
  assert.deepEqual(digits.shape, [40, 1, 28, 28]);
  assert.ok(digits.data.every((x) => x >= 0 && x <= 1));
  await assert.rejects(npy(new Uint8Array([1, 2, 3])), { name: "FormatError" });
});
