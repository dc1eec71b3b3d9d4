// Not run: the types that users see.

import { type BenchRun, type Expansion, HopeError, type Way, bench, chart, load, npz, polynomial } from "../js/index.js";

export async function use(file: Blob, controller: AbortController): Promise<number> {
  const model = await load(file, { shape: [1, 28, 28] });
  const found: Expansion = await model.expand([[0, 1]], { order: 3, outputs: 2, directions: new Float32Array(4), signal: controller.signal });
  await model.expand({ data: [0.5, 1], shape: [1, 2] }, { order: 2, subspace: [[1, 0]], onProgress: ({ done, total }) => console.log(done / total) });
  // @ts-expect-error: an order there has to be
  await model.expand([0, 1], {});
  // @ts-expect-error: no such terms
  await model.expand([0, 1], { order: 1, terms: "taylor" }).catch((error) => error instanceof HopeError);
  const p = await polynomial(found, { output: 0, ray: 1 });
  const [values, latex]: [Float64Array, string] = [await p.evaluate([[0.5]]), await p.latex(3)];
  const way: Way = await model.along([0, 1], [1, 0], { order: 3, output: 0, range: [-1, 1] });
  const picture: string = await chart({ series: [{ name: latex, x: way.t.data, y: values }], guides: [{ x: way.trust[0].radius }] });
  const run: BenchRun = await bench({ device: "webgpu", quick: true, onRun: ({ devices }) => console.log(devices.length, picture) });
  await npz({ ...found, run });
  // @ts-expect-error: an output there has to be
  await model.along([0, 1], [1, 0], { order: 3 });
  return found.along?.data[0] ?? found.value.shape[0];
}
