// Results as files: the same as the program's.

import * as hope from "../js/index.js";
import { save } from "./images.js";
import { at, output, place, state } from "./state.js";

/** Writes what a button is for; `tell` gets what goes wrong. */
export function listen(tell) {
  at("downloads").addEventListener("click", async ({ target }) => {
    const what = target.closest("button")?.dataset.take;
    if (!what || !state.network) return;
    try {
      await take(what);
    } catch (error) {
      tell(error);
    }
  });
}

async function take(what) {
  const name = `${state.network.name}.class-${output()}`;
  if (what in state.pictures) return save(`${name}.${what}.svg`, state.pictures[what], "image/svg+xml");
  if (what !== "npz" && what !== "json") throw new Error("There is no such picture yet.");
  const found = await state.network.model.expand(state.point, { order: state.order, outputs: output(), ...place() });
  if (what === "json") return save(`${name}.json`, `${JSON.stringify(found.report, null, 2)}\n`, "application/json");
  return save(`${name}.npz`, await hope.npz(found), "application/zip");
}
