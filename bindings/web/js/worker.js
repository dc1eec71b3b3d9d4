// The engine in a worker of its own, so that the page stays responsive.

import { handle, stop } from "./core.js";

/** The buffers of all arrays in a message, which needn't be copied. */
function buffers(value) {
  if (ArrayBuffer.isView(value)) return [value.buffer];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(buffers) : [];
}

self.onmessage = ({ data }) => {
  if ("stop" in data) stop(data.stop);
  else handle(data, (message) => self.postMessage(message, buffers(message)));
};
