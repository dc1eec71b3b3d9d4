// The digits that come with the repository.

import * as hope from "../js/index.js";
import { at, make } from "./state.js";

/** Where networks and digits are. */
export const MNIST = new URL("../../../examples/mnist/", import.meta.url);

/** Of each digit there are some, one after the other. */
const EACH = 4;

let all;

/** All digits, `[40, 1, 28, 28]`. */
export const digits = () => (all ??= hope.npy(new URL("digits.npy", MNIST)));

/** One of them. */
export async function digit(i) {
  return (await digits()).data.slice(i * 784, (i + 1) * 784);
}

/** Buttons with the digits; a second press gives another of the same. `choose` gets its numbers. */
export async function show(choose) {
  const { data } = await digits();
  let shown;
  const buttons = Array.from({ length: 10 }, (_, class_) => {
    const canvas = make("canvas", { width: 28, height: 28 });
    const button = make("button", { type: "button", title: `A ${class_}; again for another` }, canvas);
    button.setAttribute("aria-label", `digit ${class_}`);
    thumbnail(canvas, data.subarray(class_ * EACH * 784));
    button.addEventListener("click", async () => {
      shown = Math.floor((shown ?? -1) / EACH) === class_ ? class_ * EACH + ((shown + 1) % EACH) : class_ * EACH;
      thumbnail(canvas, data.subarray(shown * 784));
      choose(await digit(shown));
    });
    return button;
  });
  at("digits").replaceChildren(...buttons);
  at("towards").replaceChildren(...Array.from({ length: 10 }, (_, i) => new Option(String(i), String(i * EACH), i === 8, i === 8)));
}

function thumbnail(canvas, numbers) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(28, 28);
  for (let i = 0; i < 784; i++) image.data.set([...Array(3).fill(255 * numbers[i]), 255], 4 * i);
  context.putImageData(image, 0, 0);
}
