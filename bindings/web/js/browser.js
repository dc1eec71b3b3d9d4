// What a browser says of itself and of the machine.

const SYSTEMS = ["Android", "Windows", "CrOS", "Mac OS X", "iPhone", "iPad", "Linux"];
const BROWSERS = [["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["Chrome", "Chromium"], ["Version", "Safari"]];

/** "Chromium 130, Linux", or what there is. */
function system() {
  const agent = globalThis.navigator?.userAgent ?? "";
  const found = BROWSERS.map(([mark, name]) => [name, new RegExp(`\\b${mark}/(\\d+)`).exec(agent)?.[1]]).find(([, version]) => version);
  const name = found ? found.join(" ") : agent || "unknown browser";
  const on = SYSTEMS.find((system) => agent.includes(system));
  return on ? `${name}, ${on}` : name;
}

/** A GPU by what the browser tells of it: "nvidia ampere". */
async function gpu() {
  const adapter = await globalThis.navigator?.gpu?.requestAdapter().catch(() => null);
  const { vendor, architecture, description } = adapter?.info ?? {};
  const words = description || [vendor, architecture].filter(Boolean).join(" ");
  return words || "GPU without a name";
}

/** Names of a device, the machine and the system, as measurements have them. */
export async function browser(device) {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  const cpu = "unknown processor";
  const name = device === "cpu" ? `processor in ${system()}, 1 thread of ${cores} cores` : await gpu();
  return { name, cpu, cores, system: system() };
}
