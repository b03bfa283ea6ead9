// Drives Debian's Chromium as lines of JSON on standard input say, and answers each with one on standard output.
// tests/browser/chromium.py is the other end.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run", "--no-sandbox"];

const browser = await chromium.launch({ executablePath: process.argv[2], headless: true, args: QUIET });
let context, page, complaints, requests;

const commands = {
  async open({ url, headers = {}, ...options }) {
    await context?.close();
    [complaints, requests] = [[], []];
    context = await browser.newContext({ reducedMotion: "reduce", ...options });
    page = await context.newPage();
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(url);
  },
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
  resize: ({ width, height }) => page.setViewportSize({ width, height }),
  screenshot: ({ path, whole = false }) => page.screenshot({ path, fullPage: whole }).then(() => null),
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
