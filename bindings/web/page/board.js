// The input: looked at and drawn on, with a pointer or with keys.

import { grey, inputs, where } from "./layout.js";
import { at, make, state } from "./state.js";

/** Radius of the brush, in pixels. */
const BRUSH = 1.6;

const [board, canvas, cursor] = ["board", "canvas", "cursor"].map(at);
const tool = () => document.querySelector("input[name=tool]:checked").value;

let listener;
let last;

/** Tells `changed("point")` and `changed("pixel")` of what people do. */
export function listen(changed) {
  listener = changed;
}

/** Shows the point as it is now. */
export function draw() {
  const { layout } = state.network;
  const { rows, columns } = layout;
  Object.assign(canvas, { width: columns, height: rows });
  board.style.aspectRatio = `${columns} / ${rows}`;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  grey(layout, state.point).forEach((x, i) => {
    const level = Math.round(255 * Math.min(1, Math.max(0, x)));
    pixels[i] = 0xff000000 | (level << 16) | (level << 8) | level;
  });
  context.putImageData(image, 0, 0);
  place(cursor, state.pixel);
  cursor.setAttribute("aria-label", `Pixel at ${where(layout, state.pixel)}, brightness ${grey(layout, state.point)[state.pixel].toFixed(2)}`);
}

/** Puts an element over a pixel. */
function place(element, pixel) {
  const { rows, columns } = state.network.layout;
  element.style.left = `${(100 * (pixel % columns)) / columns}%`;
  element.style.top = `${(100 * Math.floor(pixel / columns)) / rows}%`;
  element.style.width = `${100 / columns}%`;
  element.style.height = `${100 / rows}%`;
}

/** Marks pixels besides the one that is looked at. */
export function mark(pixels) {
  board.querySelectorAll(".mark").forEach((old) => old.remove());
  for (const pixel of pixels) {
    const box = make("span", { className: "mark" });
    place(box, pixel);
    board.append(box);
  }
}

/** Looks at another pixel. */
export function pick(pixel) {
  state.pixel = pixel;
  draw();
  listener("pixel");
}

/** Where the pointer is, in pixels and parts of them. */
function under({ clientX, clientY }) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const { rows, columns } = state.network.layout;
  return [((clientX - left) / width) * columns, ((clientY - top) / height) * rows];
}

/** Paints along a line. */
function paint([x0, y0], [x1, y1]) {
  const { layout } = state.network;
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(x1 - x0, y1 - y0)));
  for (let step = 0; step <= steps; step++) {
    const [x, y] = [x0 + ((x1 - x0) * step) / steps, y0 + ((y1 - y0) * step) / steps];
    for (let row = Math.floor(y - BRUSH); row <= y + BRUSH; row++) {
      for (let column = Math.floor(x - BRUSH); column <= x + BRUSH; column++) {
        if (row < 0 || column < 0 || row >= layout.rows || column >= layout.columns) continue;
        const ink = Math.min(1, Math.max(0, BRUSH - Math.hypot(column + 0.5 - x, row + 0.5 - y)));
        for (const i of inputs(layout, row * layout.columns + column)) {
          state.point[i] = tool() === "draw" ? Math.max(state.point[i], ink) : Math.min(state.point[i], 1 - ink);
        }
      }
    }
  }
  draw();
  listener("point");
}

canvas.addEventListener("click", (event) => {
  if (!state.network || tool() !== "look") return;
  const [x, y] = under(event);
  const { rows, columns } = state.network.layout;
  const [row, column] = [Math.min(rows - 1, Math.floor(y)), Math.min(columns - 1, Math.floor(x))];
  pick(row * columns + column);
  cursor.focus({ preventScroll: true });
});
canvas.addEventListener("pointerdown", (event) => {
  if (!state.network || tool() === "look") return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  last = under(event);
  paint(last, last);
});
canvas.addEventListener("pointermove", (event) => {
  if (!last) return;
  const now = under(event);
  paint(last, now);
  last = now;
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (last = undefined));

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity], PageUp: [-Infinity, 0], PageDown: [Infinity, 0] };

cursor.addEventListener("keydown", (event) => {
  if (!state.network) return;
  const { rows, columns } = state.network.layout;
  const [row, column] = [Math.floor(state.pixel / columns), state.pixel % columns];
  const within = (x, most) => Math.min(most - 1, Math.max(0, x));
  if (event.key in MOVES) {
    const [down, right] = MOVES[event.key];
    pick(within(row + down, rows) * columns + within(column + right, columns));
  } else if (event.key === " " && tool() !== "look") {
    const middle = [column + 0.5, row + 0.5];
    paint(middle, middle);
  } else return;
  event.preventDefault();
});

at("clear").addEventListener("click", () => change(() => 0));
at("invert").addEventListener("click", () => change((x) => 1 - x));

function change(to) {
  if (!state.network) return;
  state.point = state.point.map(to);
  draw();
  listener("point");
}
