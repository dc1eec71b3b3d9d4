// How a network's inputs lie on a picture.

/** Of an input's shape: `{ rows, columns, channels, size }`. */
export function layout(shape) {
  const size = shape.reduce((product, n) => product * n, 1);
  const [columns, rows] = [shape.at(-1) ?? 1, shape.at(-2) ?? 1];
  const channels = size / (rows * columns);
  if (shape.length > 1 && (channels === 1 || channels === 3)) return { rows, columns, channels, size };
  const side = Math.sqrt(size);
  if (Number.isInteger(side) && side > 3) return { rows: side, columns: side, channels: 1, size };
  return shape.length > 1 ? { rows: size / columns, columns, channels: 1, size } : { rows: 1, columns: size, channels: 1, size };
}

/** One number for each pixel: the sum over channels. */
export function summed({ rows, columns, channels }, numbers) {
  const pixels = rows * columns;
  if (channels === 1) return numbers;
  return Float64Array.from({ length: pixels }, (_, i) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += numbers[channel * pixels + i];
    return sum;
  });
}

/** Brightness of each pixel. */
export const grey = (layout, point) => summed(layout, point).map((x) => x / layout.channels);

/** Does something with each input of a pixel. */
export function inputs({ rows, columns, channels }, pixel) {
  return Array.from({ length: channels }, (_, channel) => channel * rows * columns + pixel);
}

/** Where a pixel is, in words; counted from 0, as arrays are. */
export const where = ({ rows, columns }, pixel) =>
  rows === 1 ? `input ${pixel}` : `row ${Math.floor(pixel / columns)}, column ${pixel % columns}`;
