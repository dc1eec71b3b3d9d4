// numpy's archives, as far as the tests need them, and how far numbers are apart.

import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

/** A file of the repository. */
export const repository = (path) => new URL(`../../../${path}`, import.meta.url);

/** The arrays of an .npz file by their names: `{ data, shape }`. */
export function readNpz(path) {
  const file = readFileSync(path);
  const end = file.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const arrays = {};
  let at = file.readUInt32LE(end + 16);
  for (let i = 0; i < file.readUInt16LE(end + 10); i++) {
    const [size, name, extra, comment] = [20, 28, 30, 32].map((offset) =>
      offset === 20 ? file.readUInt32LE(at + offset) : file.readUInt16LE(at + offset),
    );
    const local = file.readUInt32LE(at + 42);
    const begin = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    // Of large sizes, or those that might have been, the extra field tells: file's, then archive's.
    const length = size === 0xffffffff ? Number(file.readBigUInt64LE(at + 46 + name + 12)) : size;
    const packed = file.subarray(begin, begin + length);
    const bytes = file.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed);
    arrays[file.toString("utf8", at + 46, at + 46 + name).replace(".npy", "")] = readNpy(bytes);
    at += 46 + name + extra + comment;
  }
  return arrays;
}

/** The array of an .npy file. */
export function readNpy(file) {
  const [length, begin] = file[6] === 1 ? [file.readUInt16LE(8), 10] : [file.readUInt32LE(8), 12];
  const header = file.toString("latin1", begin, begin + length);
  const type = /'descr': '[<|](\w+)'/.exec(header)[1];
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(",").filter((n) => n.trim()).map(Number);
  const Kind = { f8: Float64Array, f4: Float32Array, u1: Uint8Array, i8: BigInt64Array, i4: Int32Array }[type];
  const bytes = Uint8Array.from(file.subarray(begin + length));
  return { data: new Kind(bytes.buffer), shape };
}

/** Largest relative deviation, as a norm, of `[rows, orders, width]`, order by order. */
export function deviation(found, truth, orders, width) {
  let worst = 0;
  for (let order = 0; order < orders.length; order++) {
    let [off, size] = [0, 0];
    const rows = found.length / (orders.found * width);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < width; i++) {
        const a = found[(row * orders.found + order) * width + i];
        const b = truth[(row * orders.truth + order) * width + i];
        off += (a - b) ** 2;
        size += b ** 2;
      }
    }
    worst = Math.max(worst, Math.sqrt(off / size));
    if (Number.isNaN(off)) return NaN;
  }
  return worst;
}
