// Chromium without a window, and a server of the repository's files for it.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { repository } from "./npz.js";

const TYPES = { css: "text/css", html: "text/html", js: "text/javascript", wasm: "application/wasm" };

/** WebGPU on the processor, by SwiftShader, which Chromium brings along. */
export const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/** Serves the repository, and an empty page. */
export async function serve() {
  const server = createServer(async ({ url }, answer) => {
    const path = new URL(url, "http://localhost").pathname.slice(1);
    try {
      const body = path === "" ? '<!doctype html><title>hope</title><link rel="icon" href="data:,">' : await readFile(repository(path));
      const type = TYPES[path === "" ? "html" : path.split(".").pop()] ?? "application/octet-stream";
      answer.writeHead(200, { "content-type": type }).end(body);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  return { origin: `http://localhost:${server.address().port}`, close: () => server.close() };
}

/** Chromium, and whether there is one. */
const executablePath = process.env.HOPE_CHROMIUM ?? "/usr/bin/chromium";
export const skip = !existsSync(executablePath) && "there is no Chromium";

/** Starts it. */
export const launch = (flags) => chromium.launch({ executablePath, args: ["--no-sandbox", ...flags] });

/** A page of a browser; `complaints` is what its console says, and `requests` whom it asks. */
export async function listened(browser, options) {
  const page = await browser.newPage(options);
  const [complaints, requests] = [[], []];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  return { page, complaints, requests };
}

/** A browser, and an empty page in it where `hope` is the package; `complaints` is what its console says, and `requests` whom it asks. */
export async function open(origin, flags) {
  const browser = await launch(flags);
  const { page, complaints, requests } = await listened(browser);
  await page.goto(origin);
  await page.evaluate(async () => {
    globalThis.hope = await import("/bindings/web/js/index.js");
  });
  return { browser, page, complaints, requests };
}
