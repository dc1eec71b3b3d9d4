// Files that people bring along: images, arrays.

import * as hope from "../js/index.js";

/** An image as numbers from 0 to 1 in the size of a layout, `[channels, rows, columns]`. */
async function picture(file, { rows, columns, channels }) {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name}: it is no image that this browser can read`);
  });
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, columns, rows);
  const { data } = context.getImageData(0, 0, columns, rows);
  const pixels = rows * columns;
  return Float64Array.from({ length: channels * pixels }, (_, i) => {
    const [channel, at] = [Math.floor(i / pixels), 4 * (i % pixels)];
    if (channels === 3) return data[at + channel] / 255;
    return (0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 255;
  });
}

/** The points in a file, each as numbers. */
export async function points(file, layout) {
  if (!/\.npy$/i.test(file.name)) return [await picture(file, layout)];
  const { data, shape } = await hope.npy(file);
  if (data.length === 0 || data.length % layout.size !== 0) {
    throw new Error(`${file.name}: an array of shape [${shape}] makes no points of ${layout.size} numbers`);
  }
  return Array.from({ length: data.length / layout.size }, (_, i) => data.slice(i * layout.size, (i + 1) * layout.size));
}

/** Saves bytes or text under a name. */
export function save(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
