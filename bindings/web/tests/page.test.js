// The page, as people use it: in Chromium, with a pointer, with keys, on a phone. HOPE_SCREENSHOTS is a folder for pictures of each state.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { WEBGPU, launch, listened, serve, skip } from "./browser.js";
import { readNpz, repository } from "./npz.js";

const at = (path) => repository(path).pathname;

/** The page, ready to be used. */
async function visit(browser, origin, options = {}) {
  const seen = await listened(browser, { viewport: { width: 1280, height: 900 }, ...options });
  const { page } = seen;
  await page.addInitScript(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => (longest = Math.max(longest, duration)))).observe({ type: "longtask" });
  });
  await page.goto(`${origin}/bindings/web/page/index.html`);
  const computed = async () => {
    await page.waitForFunction(() => /^Computed/.test(document.getElementById("state").textContent));
  };
  /** Does something that changes what is to be computed, and waits for it. */
  const after = async (act) => {
    await page.evaluate(() => (document.getElementById("state").textContent = ""));
    await act();
    await computed();
  };
  const shot = async (name) => {
    if (process.env.HOPE_SCREENSHOTS) await page.screenshot({ path: `${process.env.HOPE_SCREENSHOTS}/${name}.png`, fullPage: true });
  };
  await computed();
  return { ...seen, after, shot, computed };
}

/** What a download has in it. */
async function saved(page, act) {
  const [download] = await Promise.all([page.waitForEvent("download"), act()]);
  return { name: download.suggestedFilename(), path: await download.path() };
}

/** Nobody else was asked, and the console has nothing to complain of. */
function quiet({ requests, complaints }, origin) {
  const others = requests.filter((url) => !url.startsWith(origin) && !url.startsWith("data:") && !url.startsWith(`blob:${origin}`));
  assert.deepEqual(others, []);
  assert.deepEqual(complaints, []);
}

describe("the page", { skip }, () => {
  let server, browser;
  before(async () => {
    server = await serve();
    browser = await launch(WEBGPU);
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });

  test("explains a digit, with maps, words, a way and pairs", async () => {
    const here = await visit(browser, server.origin);
    const { page, after, shot } = here;
    const text = (selector) => page.locator(selector).innerText();
    assert.equal(await page.locator("#maps image").count(), 5);
    assert.match(await text("#words"), /^The network takes it for class 8\./);
    assert.match(await text("#words"), /Exact method: exact; /);
    assert.match(await text("#words"), /Published rule: not exact; /);
    assert.match(await text("#holds"), /order 3 is estimated to be within 0\.05 up to \|t\| = [\d.]+/);
    assert.match(await text("#values"), /network[^]*order 1[^]*order 3/);
    assert.match(await text("#formula"), /^p\(t\) = 4\.21 [+-] [\d.]+\*t [+-] [\d.]+\*t\^2 [+-] [\d.]+\*t\^3$/);
    assert.equal(await page.locator("#pair-list li").count(), 6);
    await shot("digit");

    await after(() => page.locator("#digits button").nth(7).click());
    assert.match(await text("#words"), /^The network takes it for class 7\./);
    await after(() => page.locator("#classes [value='2']").check());
    assert.match(await text("#words"), /^The network takes it for class 7\./);
    assert.match(await page.locator("#maps title").textContent(), /class score/);

    await after(() => page.locator("#network").selectOption("mnist_mlp1_sigmoid"));
    assert.match(await text("#words"), /Published rule: exact; /);
    await after(() => page.locator("#network").selectOption("mnist_cnn_relu_bn"));
    assert.match(await text("#words"), /piecewise linear/);
    assert.match(await text("#holds"), /The way begins on a kink, t\* = 0/);
    await shot("relu");
    await after(() => page.locator("#order").fill("8"));
    assert.equal(await page.locator("#maps image").count(), 10);
    await shot("order-8");
    await after(() => page.locator("#device").selectOption("webgpu"));
    assert.doesNotMatch(await text("#state"), /processor/);

    await page.locator("#order").fill("99");
    await page.waitForFunction(() => document.getElementById("state").textContent === "One of the numbers can't be.");
    await shot("wrong-number");
    quiet(here, server.origin);
    await page.close();
  });

  test("directions and the slider", async () => {
    const here = await visit(browser, server.origin, { colorScheme: "dark" });
    const { page, after, shot } = here;
    const value = () => page.locator("#values tbody tr").first().innerText();
    for (const [kind, words] of [["black", /empty image/], ["random", /random/], ["digit", /another digit/]]) {
      await after(() => page.locator("#direction").selectOption(kind));
      assert.match(await page.locator("#way title").textContent(), words);
    }
    await after(() => page.locator("#direction").selectOption("random"));
    const first = await value();
    await after(() => page.locator("#again").click());
    assert.notEqual(await value(), first);
    const before = await page.locator("#way svg").innerHTML();
    await page.locator("#t").fill("40");
    assert.equal(await page.locator("#place").innerText(), "−0.50");
    await page.waitForFunction((before) => document.querySelector("#way svg").innerHTML !== before, before);
    await shot("random-dark");
    // At t = 0 all are the same.
    await page.locator("#t").fill("80");
    assert.match(await page.locator("#values").innerText(), /order 1\s+\S+\s+0\.00/);
    await page.locator("#tolerance").fill("0");
    await page.waitForFunction(() => /tolerance has to be/.test(document.getElementById("holds").textContent));
    quiet(here, server.origin);
    await page.close();
  });

  test("pixels by pointer, on the digit and on the maps; drawing and erasing", async () => {
    const here = await visit(browser, server.origin);
    const { page, after, shot } = here;
    const middle = async (locator, x, y) => {
      const { x: left, y: top, width, height } = await locator.boundingBox();
      return [left + width * x, top + height * y];
    };
    const canvas = page.locator("#canvas");
    await after(async () => page.mouse.click(...(await middle(canvas, 10.5 / 28, 5.5 / 28))));
    assert.match(await page.locator("#pixel").innerText(), /^Row 5, column 10: .* Brighter by 0\.5, the score changes by [+−]?\d/);
    assert.match(await page.locator("#way title").textContent(), /row 5, column 10/);
    await page.locator("#maps").scrollIntoViewIfNeeded();
    await after(async () => page.mouse.click(...(await middle(page.locator("#maps image").nth(2), 20.5 / 28, 12.5 / 28))));
    assert.match(await page.locator("#pixel").innerText(), /^Row 12, column 20: /);
    assert.equal(await page.locator("#maps .cross").count(), 5);

    await after(() => page.getByRole("button", { name: "Clear" }).click());
    const score = await page.locator("#classes").innerText();
    await page.locator("label", { has: page.locator("[value=draw]") }).click();
    await canvas.scrollIntoViewIfNeeded();
    await after(async () => {
      await page.mouse.move(...(await middle(canvas, 0.5, 0.2)));
      await page.mouse.down();
      await page.mouse.move(...(await middle(canvas, 0.5, 0.8)), { steps: 12 });
      await page.mouse.up();
    });
    assert.match(await page.locator("#words").innerText(), /takes it for class 1\./);
    assert.notEqual(await page.locator("#classes").innerText(), score);
    await shot("drawn");
    await after(() => page.getByRole("button", { name: "Invert" }).click());
    quiet(here, server.origin);
    await page.close();
  });

  test("the page is never blocked, whatever is computed", async () => {
    const here = await visit(browser, server.origin);
    const { page, after } = here;
    // The shortest of three: what else the machine has to do may make a task long, what the page does makes it so each time.
    const blocked = [];
    await page.locator("label", { has: page.locator("[value=draw]") }).click();
    for (const digit of [1, 4, 7]) {
      await page.evaluate(() => (longest = 0));
      await after(() => page.locator("#digits button").nth(digit).click());
      await after(() => page.locator("#order").fill(String(digit + 1)));
      const { x, y, width, height } = await page.locator("#canvas").boundingBox();
      await after(async () => {
        await page.mouse.move(x + width / 4, y + height / 2);
        await page.mouse.down();
        await page.mouse.move(x + (3 * width) / 4, y + height / 2, { steps: 10 });
        await page.mouse.up();
      });
      blocked.push(await page.evaluate(() => longest));
    }
    assert.ok(Math.min(...blocked) <= 50, `the page was blocked for ${blocked} ms`);
    quiet(here, server.origin);
    await page.close();
  });

  test("by keys alone, and as a screen reader has it", async () => {
    const here = await visit(browser, server.origin);
    const { page, after } = here;
    await page.locator("#cursor").focus();
    await after(() => page.keyboard.press("ArrowUp"));
    assert.match(await page.locator("#pixel").innerText(), /^Row 13, column 14: /);
    assert.match(await page.locator("#cursor").getAttribute("aria-label"), /row 13, column 14, brightness/);
    await after(() => page.keyboard.press("Home"));
    assert.match(await page.locator("#pixel").innerText(), /^Row 13, column 0: 0/);
    await page.locator("[name=tool][value=draw]").focus();
    await page.keyboard.press("Space");
    await page.locator("#cursor").focus();
    await after(() => page.keyboard.press("Space"));
    assert.match(await page.locator("#pixel").innerText(), /^Row 13, column 0: 1/);
    await page.locator("#classes :checked").focus();
    await after(() => page.keyboard.press("ArrowDown"));
    assert.equal(await page.evaluate(() => document.activeElement.name), "class");
    await page.locator("#tab-explain").focus();
    await page.keyboard.press("ArrowRight");
    assert.ok(await page.locator("#bench").isVisible());
    assert.ok(!(await page.locator("#explain").isVisible()));
    // Whatever can be used has a name.
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll("button, input, select, figure, [role=group], form")]
        .filter((element) => !(element.ariaLabel || element.getAttribute("aria-labelledby") || element.textContent.trim() || element.labels?.[0]?.textContent.trim()))
        .map((element) => element.outerHTML),
    );
    assert.deepEqual(nameless, []);
    quiet(here, server.origin);
    await page.close();
  });

  test("on a phone, light and dark, nothing is too wide", async () => {
    for (const colorScheme of ["light", "dark"]) {
      const here = await visit(browser, server.origin, { viewport: { width: 360, height: 740 }, colorScheme });
      const { page, shot } = here;
      const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok((await wider()) <= 0, `it is ${await wider()} px too wide`);
      await shot(`phone-${colorScheme}`);
      await page.locator("#tab-bench").click();
      assert.ok((await wider()) <= 0, `measuring is ${await wider()} px too wide`);
      await shot(`phone-bench-${colorScheme}`);
      quiet(here, server.origin);
      await page.close();
    }
  });

  test("files: models, images, arrays; broken ones say what is wrong", async () => {
    const here = await visit(browser, server.origin);
    const { page, after, shot } = here;
    const open = (...paths) => page.locator("#file").setInputFiles(...paths);
    await after(() => open(at("examples/mnist/digit_5.png")));
    assert.match(await page.locator("#words").innerText(), /takes it for class 5\./);
    await after(() => open(at("examples/mnist/digits.npy")));
    assert.match(await page.locator("#words").innerText(), /takes it for class 0\./);
    // A model of another kind: 2 inputs, 1 output, no image.
    await after(() => open(at("tests/fixtures/reference/discover_2d.onnx")));
    assert.equal(await page.locator("#network").inputValue(), "discover_2d.onnx");
    assert.equal(await page.locator("#classes label").count(), 1);
    assert.match(await page.locator("#pixel").innerText(), /^Input \d: 0\.5/);
    assert.ok(!(await page.locator("#digits").isVisible()));
    await shot("own-model");
    // An image transformer.
    await after(() => open(at("tests/fixtures/operators/export_net_vit_dynamo_20.onnx")));
    assert.equal(await page.locator("#classes label").count(), 3);
    await shot("transformer");

    const wrong = (text) => page.waitForFunction((text) => document.querySelector("#state.wrong")?.textContent.includes(text), text);
    await open({ name: "broken.onnx", mimeType: "", buffer: readFileSync(at("examples/mnist/mnist_cnn_tanh.onnx")).subarray(0, 5000) });
    await wrong("");
    await shot("broken-model");
    await after(() => page.locator("#network").selectOption("mnist_mlp_tanh"));
    await open({ name: "broken.npy", mimeType: "", buffer: Buffer.from("nothing") });
    await wrong("npy");
    await open({ name: "broken.png", mimeType: "image/png", buffer: Buffer.from("nothing") });
    await wrong("broken.png: it is no image");
    await open(at("tests/fixtures/gradients/abs.npy"));
    await wrong("makes no points of 784 numbers");
    quiet(here, server.origin);
    await page.close();
  });

  test("the page's own policy lets no request out", async () => {
    const { page, requests } = await visit(browser, server.origin);
    // Another origin by its port; nobody need listen there.
    const asked = await page.evaluate(async () => {
      const refused = new Promise((resolve) => addEventListener("securitypolicyviolation", ({ effectiveDirective }) => resolve(effectiveDirective)));
      const answer = fetch("http://localhost:9/", { mode: "no-cors" }).then(() => "let out", () => "kept in");
      return [await answer, await refused];
    });
    assert.deepEqual(asked, ["kept in", "connect-src"]);
    assert.ok(requests.every((url) => url.startsWith(server.origin) || url.startsWith("data:")), requests.join());
    await page.close();
  });

  test("downloads are the program's files", async () => {
    const here = await visit(browser, server.origin);
    const { page } = here;
    const take = (what) => saved(page, () => page.locator(`[data-take=${what}]`).click());
    const npz = await take("npz");
    assert.equal(npz.name, "mnist_cnn_tanh.class-8.npz");
    const arrays = readNpz(npz.path);
    assert.deepEqual(arrays.unmixed.shape, [1, 1, 3, 784]);
    assert.deepEqual(Object.keys(arrays).sort(), ["points", "unmixed", "value"]);
    const record = JSON.parse(readFileSync((await take("json")).path, "utf8"));
    assert.deepEqual([record.order, record.exact, record.outputs], [3, true, [8]]);
    for (const what of ["maps", "way", "pairs"]) {
      const { name, path } = await take(what);
      assert.equal(name, `mnist_cnn_tanh.class-8.${what}.svg`);
      assert.match(readFileSync(path, "utf8"), /^<svg [^]*<\/svg>\s*$/);
    }
    quiet(here, server.origin);
    await page.close();
  });
});

test("without WebGPU the page computes on the processor, and says so", { skip }, async () => {
  const server = await serve();
  const browser = await launch(["--disable-gpu"]);
  try {
    const here = await visit(browser, server.origin);
    assert.match(await here.page.locator("#state").innerText(), /the browser offers no WebGPU here/);
    await here.page.locator("#device").selectOption("webgpu");
    await here.page.waitForFunction(() => document.querySelector("#state.wrong")?.textContent.includes("no WebGPU"));
    await here.shot("no-webgpu");
    quiet(here, server.origin);
  } finally {
    await browser.close();
    server.close();
  }
});
