// Not run: the types that users see.

import { type Expansion, HopeError, load } from "../js/index.js";

export async function use(file: Blob, controller: AbortController): Promise<number> {
  const model = await load(file, { shape: [1, 28, 28] });
  const found: Expansion = await model.expand([[0, 1]], { order: 3, outputs: 2, directions: new Float32Array(4), signal: controller.signal });
  await model.expand({ data: [0.5, 1], shape: [1, 2] }, { order: 2, subspace: [[1, 0]], onProgress: ({ done, total }) => console.log(done / total) });
  // @ts-expect-error: an order there has to be
  await model.expand([0, 1], {});
  // @ts-expect-error: no such terms
  await model.expand([0, 1], { order: 1, terms: "taylor" }).catch((error) => error instanceof HopeError);
  return found.along?.data[0] ?? found.value.shape[0];
}
