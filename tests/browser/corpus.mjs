// Opens every page that shows what others wrote, with all of it unfolded: nothing may act, and nothing be there that could.
import assert from "node:assert/strict";
import { ORIGIN, Visitor, start } from "./chromium.mjs";

const { USERNAME, PASSWORD, CORPUS } = process.env;
const WIJK = "/wijken/bloemhof";
const browser = await start();
const seen = { words: 0, "poll-name": 0, facts: 0, "report-words": 0, pages: 0 };

/** What stands on the page and could act, or acted already. */
function suspects() {
  const foreign = ["script:not([src^='/static/'])", "iframe", "object", "embed", "base", "body meta", "body link", "body style", "math", "video", "audio", "template", "noscript", "frame", "marquee", "img:not([src^='/media/'])"];
  const found = foreign.flatMap((selector) => [...document.querySelectorAll(selector)]).map((element) => element.outerHTML);
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      const isAddress = ["href", "src", "action", "formaction", "xlink:href", "data", "ping", "srcset", "poster"].includes(name);
      const leads = isAddress ? new URL(value, document.baseURI).protocol : "http:";
      if (name.startsWith("on") || name === "style" || name === "srcdoc" || !["http:", "https:", "mailto:"].includes(leads)) found.push(element.outerHTML);
    }
  }
  const inWords = [...document.querySelectorAll(":is(.words, .post-text) :is(form, input, button, svg, img, details, select, textarea)")];
  if (window.kwaad !== undefined) found.push("window.kwaad is set");
  return [...found, ...inWords.map((element) => element.outerHTML)];
}

async function isHarmless(visitor, where) {
  const { page } = visitor;
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  await page.evaluate(() => document.querySelectorAll("main *").forEach((element) => {
    for (const event of ["mouseover", "focus", "toggle", "animationstart"]) element.dispatchEvent(new Event(event));
  }));
  assert.deepEqual(await page.evaluate(suspects), [], where);
  assert.deepEqual(visitor.complaints, [], where);
  for (const what of ["words", "poll-name", "facts", "report-words"]) seen[what] += await page.locator(`.${what}`).count();
  seen.pages += 1;
}

async function visits(visitor, path, status = 200) {
  await visitor.opens(path, status);
  await isHarmless(visitor, path);
}

async function aTimelineToItsEnd(visitor) {
  const posts = new Set();
  await visitor.opens(WIJK);
  for (;;) {
    await isHarmless(visitor, visitor.page.url());
    for (const href of await visitor.page.locator("article.post .post-sill a:is([href*='/berichten/'], [href*='/agenda/'], [href*='/peilingen/']):not([href$='.ics'])").evaluateAll((links) => links.map((link) => link.pathname))) posts.add(href);
    const older = visitor.page.locator("a[rel=next]");
    if (await older.count() === 0) return posts;
    await visitor.follows(older);
  }
}

const anyone = await Visitor.of(browser);
await visits(anyone, "/");
await visits(anyone, "/wijken/kwaad");
await visits(anyone, "/partners/speeltuin");
await visits(anyone, "/wijken/bloemhof?taal=en");
const posts = await aTimelineToItsEnd(anyone);
const corpus = JSON.parse(CORPUS);
assert.ok(posts.size > corpus.length, `${posts.size} posts are shown`);
for (const post of posts) await visits(anyone, post);
for (const evil of corpus.slice(0, 20)) {
  const written = encodeURIComponent(evil);
  await visits(anyone, `${WIJK}/volgen?server=${written}`);
  await visits(anyone, `/aanmelden?next=${written}`);
  await visits(anyone, `/wijken/${written.replaceAll("%2F", "%252F").replaceAll("%00", "")}`, 404);
}
await visits(anyone, "/wijken/bloemhof/agenda");
assert.equal(await anyone.page.locator(".agenda > li").count(), Math.ceil(corpus.length / 8));
await anyone.opens("/melden?wijk=bloemhof&taal=nl");
await anyone.page.getByLabel("Vertel er iets over").fill(corpus.join("\n").slice(0, 2000));
await anyone.page.locator("form").evaluate((form) => { form.noValidate = true; });
anyone.failing = `${ORIGIN}/melden?wijk=bloemhof`;
await anyone.follows(anyone.page.getByRole("button", { name: "Stuur naar de moderatoren" }));
assert.ok((await anyone.page.getByLabel("Vertel er iets over").inputValue()).includes(corpus[0]), "what was typed is still there");
await isHarmless(anyone, "/melden");
await anyone.leaves();

const moderator = await Visitor.of(browser);
await moderator.opens("/aanmelden");
await moderator.page.getByLabel("Gebruikersnaam").fill(USERNAME);
await moderator.page.getByLabel("Wachtwoord").fill(PASSWORD);
await moderator.follows(moderator.page.getByRole("button", { name: "Meld me aan" }));
assert.equal(new URL(moderator.page.url()).pathname, "/balie");
await isHarmless(moderator, "/balie");
assert.ok(await moderator.page.locator("article.waiting").count() > 20, "much waits");
const reported = (await moderator.page.locator(".report-words").allInnerTexts()).join("\n");
assert.ok(reported.includes(corpus[7]) && reported.includes(corpus[55]), reported);
for (const melding of ["approved", "reason", encodeURIComponent(corpus[0])]) {
  await moderator.page.goto(`${ORIGIN}/balie?melding=${melding}`);
  moderator.complaints = moderator.complaints.filter((complaint) => !complaint.includes("Failed to load resource"));
  await isHarmless(moderator, melding);
}
await visits(moderator, "/balie/prive?wijk=bloemhof");
assert.ok(await moderator.page.locator(".post-text").count() > 20, "many letters came");
await moderator.leaves();
assert.ok(seen["poll-name"] > 2 * corpus.length && seen.facts > 20 && seen["report-words"] > 1 && seen.words > 3 * corpus.length, `too little was shown: ${JSON.stringify(seen)}`);
process.stderr.write(`${JSON.stringify(seen)}\n`);
await browser.close();
process.exit(0);
