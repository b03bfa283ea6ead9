// Drives Debian's Chromium as lines of JSON on standard input say, and answers each with one on standard output.
// tests/browser/chromium.py is the other end.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run", "--no-sandbox"];

const browser = await chromium.launch({ executablePath: process.argv[2], headless: true, args: QUIET });
const AXE = new URL("node_modules/axe-core/axe.min.js", import.meta.url);
let context, page, complaints, requests, received;

async function weigh(page) {
  const session = await context.newCDPSession(page);
  const paths = new Map();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => paths.set(requestId, new URL(request.url).pathname));
  session.on("Network.dataReceived", ({ requestId, dataLength }) => {
    const path = paths.get(requestId) ?? "";
    received[path] = (received[path] ?? 0) + dataLength;
  });
  await session.send("Network.enable");
}

function heaviest(trace) {
  const { traceEvents: events } = JSON.parse(trace);
  const main = new Set(events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`));
  return Math.max(0, ...events.filter(({ pid, tid, tdur, ph }) => ph === "X" && tdur && main.has(`${pid} ${tid}`)).map(({ tdur }) => tdur / 1000));
}

const commands = {
  async open({ url, script, ...options }) {
    await context?.close();
    [complaints, requests, received] = [[], [], {}];
    context = await browser.newContext({ reducedMotion: "reduce", ...options });
    page = await context.newPage();
    if (script) await page.addInitScript(script);
    await weigh(page);
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(url);
  },
  // In the same session: the cookie stays, and what the page complained of before.
  go: ({ url }) => page.goto(url).then((answer) => answer?.status() ?? null),
  // Not waitForFunction: that evaluates text inside the page, where the Content-Security-Policy forbids it.
  async until({ script }) {
    const end = Date.now() + 60_000;
    while (!(await page.evaluate(script).catch(() => false))) {
      if (Date.now() > end) throw new Error(`never true: ${script}`);
      await page.waitForTimeout(50);
    }
  },
  evaluate: ({ script }) => page.evaluate(script),
  click: ({ selector }) => page.click(selector, { timeout: 30_000 }),
  fill: ({ selector, text }) => page.fill(selector, text, { timeout: 30_000 }),
  select: ({ selector, value }) => page.selectOption(selector, value, { timeout: 30_000 }),
  press: ({ key }) => page.keyboard.press(key),
  // What axe-core finds that is serious or worse. Evaluated by the debugger, to which the page's policy does not apply.
  async axe() {
    await page.evaluate(readFileSync(AXE, "utf8"));
    const found = await page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})");
    return found.violations
      .filter(({ impact }) => ["serious", "critical"].includes(impact))
      .map(({ id, impact, help, nodes }) => `${impact} ${id}: ${help}: ${nodes.slice(0, 3).map((each) => `${each.target} ${each.html.slice(0, 200)} ${each.any[0]?.message ?? ""}`).join(" | ")}`);
  },
  // CPU time in milliseconds of the longest task of the page while it loads there, and in so many milliseconds afterwards:
  // on a busy machine what a task takes by the clock says little of the page.
  async heaviest({ url, settle, rest }) {
    await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
    await page.goto(url);
    await page.waitForTimeout(settle);
    const loading = heaviest(await browser.stopTracing());
    await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
    await page.waitForTimeout(rest);
    return [loading, heaviest(await browser.stopTracing())];
  },
  resize: ({ width, height }) => page.setViewportSize({ width, height }),
  screenshot: ({ path, whole = false }) => page.screenshot({ path, fullPage: whole }).then(() => null),
  // Octets that came, by path; those of a stream too, while it is open.
  received: () => received,
  said: () => ({ complaints, requests }),
  url: () => page.url(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...options } = JSON.parse(line);
  const answer = await Promise.resolve(commands[command](options)).then(
    (result) => ({ result: result ?? null }),
    (error) => ({ error: String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
