// A real Chromium, and what every page must be for everybody: nothing amiss in axe, nothing wider than the screen,
// nothing in the console, nothing asked of anybody else.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const ORIGIN = "http://wijk.test";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [{ width: 360, height: 800 }, { width: 1280, height: 900 }];
const SCHEMES = ["light", "dark"];
const PATIENCE = 10_000; // ms

const { ADDRESS, PICTURES, CHROMIUM = "/usr/bin/chromium" } = process.env;

/** Chromium with a fresh profile, to which wijk.test is the server under test and every other name is nobody. */
export async function start() {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium, or name yours in CHROMIUM`);
  mkdirSync(PICTURES, { recursive: true });
  return await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    chromiumSandbox: process.getuid() !== 0, // as root it refuses to run in one
    args: [
      `--host-resolver-rules=MAP wijk.test ${ADDRESS}, MAP * ~NOTFOUND`,
      "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic",
      "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
      `--unsafely-treat-insecure-origin-as-secure=${ORIGIN}`, // as it is behind https
      "--force-prefers-reduced-motion", "--hide-scrollbars",
    ],
  });
}

/** Somebody with a browser of their own. */
export class Visitor {
  static async of(browser, options = {}) {
    const context = await browser.newContext({ locale: "nl-NL", timezoneId: "Europe/Amsterdam", viewport: SIZES[1], ...options });
    context.setDefaultTimeout(PATIENCE);
    const visitor = new Visitor();
    Object.assign(visitor, { complaints: [], failing: null });
    const complain = (what) => visitor.complaints.push(what);
    context.on("request", (request) => {
      if (new URL(request.url()).origin !== ORIGIN) complain(`asks ${request.url()}`);
    });
    context.on("console", (message) => {
      const isKnown = message.location().url === visitor.failing && message.text().startsWith("Failed to load resource");
      if (["error", "warning"].includes(message.type()) && !isKnown) complain(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("dialog", (dialog) => {
      complain(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    context.on("weberror", (error) => complain(`script: ${error.error()}`));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
    });
    visitor.page = await context.newPage();
    return visitor;
  }

  /** Opens a page of ours, which answers with that status. */
  async opens(path, status = 200) {
    this.failing = status >= 400 ? ORIGIN + path : null;
    const answer = await this.page.goto(ORIGIN + path);
    assert.equal(answer.status(), status, path);
  }

  /** What the page says to who reads it. */
  async text() {
    return await this.page.locator("body").innerText();
  }

  /** The post that says these words. */
  post(words) {
    return this.page.locator("article.post", { hasText: words });
  }

  /** The submission at the desk that says these words. */
  waiting(words) {
    return this.page.locator("article.waiting", { hasText: words });
  }

  /** Clicks, and is on the next page. */
  async follows(locator) {
    await Promise.all([this.page.waitForEvent("load"), locator.click()]);
  }

  /** Presses Tab until this has the focus, and sees that it has. */
  async tabsTo(locator) {
    for (let presses = 0; presses < 80; presses++) {
      await this.page.keyboard.press("Tab");
      if (await locator.evaluate((element) => element === document.activeElement)) {
        const ring = await locator.evaluate((element) => [getComputedStyle(element), getComputedStyle(element.nextElementSibling ?? element)].some((s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0));
        assert.ok(ring, `no ring of focus on ${locator}`);
        return;
      }
    }
    assert.fail(`Tab does not come to ${locator}`);
  }

  /** Presses Enter, and is on the next page. */
  async enters() {
    await Promise.all([this.page.waitForEvent("load"), this.page.keyboard.press("Enter")]);
  }

  /** Holds this page to what every page must be, at each size, by day and in the evening; keeps pictures. */
  async isFine(name) {
    await this.page.evaluate(AXE);
    for (const size of SIZES) {
      await this.page.setViewportSize(size);
      for (const colorScheme of SCHEMES) {
        await this.page.emulateMedia({ colorScheme });
        const where = `${name}-${size.width}-${colorScheme}`;
        await this.page.screenshot({ path: `${PICTURES}/${where}.png`, fullPage: true });
        const violations = await this.page.evaluate(async () => {
          const { violations } = await axe.run(document, { resultTypes: ["violations"] });
          return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join("; ")}`);
        });
        assert.deepEqual(violations, [], `axe on ${where}`);
        const { wide, screen } = await this.page.evaluate(() => ({ wide: document.documentElement.scrollWidth, screen: innerWidth }));
        assert.ok(wide <= screen, `${where} is ${wide} px wide`);
      }
    }
    await this.page.emulateMedia({ colorScheme: "light" });
    assert.deepEqual(this.complaints, [], name);
  }

  async leaves() {
    assert.deepEqual(this.complaints, []);
    await this.page.context().close();
  }
}

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the town for something that happens outside this browser, and waits until it did. */
export async function town(ask, order = {}) {
  process.stdout.write(`${JSON.stringify({ ask, ...order })}\n`);
  const { value, done } = await answers.next();
  assert.ok(!done, `the town did not answer ${ask}`);
  return JSON.parse(value);
}
