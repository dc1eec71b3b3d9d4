// Numbers as people have them: typed arrays, nested arrays, `{ data, shape }`.

/** `{ data, shape }` of numbers in rows of a width. */
export function rows(numbers, width) {
  if (ArrayBuffer.isView(numbers)) return { data: Float64Array.from(numbers), shape: [numbers.length / width, width] };
  if (Array.isArray(numbers)) {
    const data = Float64Array.from(numbers.flat(Infinity));
    const shape = [];
    for (let part = numbers; Array.isArray(part); part = part[0]) shape.push(part.length);
    // Of numbers one after the other, rows; of points of several axes, too.
    const rays = shape.length === 3 && shape[2] === width;
    return { data, shape: rays ? shape : [data.length / width, width] };
  }
  const { data, shape } = numbers;
  return { data: Float64Array.from(data), shape: [...shape] };
}
