// What people do on the pages, in the order of a day. What happens on other servers the town does on request.
import assert from "node:assert/strict";
import { ORIGIN, Visitor, start, town } from "./chromium.mjs";

const { USERNAME, PASSWORD, INVITATION } = process.env;
const WIJK = "/wijken/bloemhof";
const browser = await start();
const anyone = await Visitor.of(browser);

/** What who visits the wijk's page reads there. */
async function wijk() {
  await anyone.opens(WIJK);
  return await anyone.text();
}

async function aPartnersPostIsThere() {
  await town("writes", { who: "partner", words: "Zaterdag spreekuur in de Huiskamer" });
  await wijk();
  const card = anyone.post("Zaterdag spreekuur");
  for (const shown of ["Politie Bloemhof", "@wijkagent@b.test", "van b.test", "Partner"]) {
    assert.ok((await card.innerText()).includes(shown), `the card says ${shown}`);
  }
  await anyone.isFine("wijk");
  await anyone.opens("/");
  assert.ok((await anyone.text()).includes("@bloemhof@wijk.test"));
  await anyone.isFine("home");
  await wijk();
  await anyone.follows(anyone.post("Zaterdag spreekuur").getByRole("link", { name: "Lees dit bericht" }));
  await anyone.isFine("post");
}

async function theRedactiesPost() {
  await town("redactie writes", { words: "Zondag markt op het plein" });
  await wijk();
  const card = anyone.post("Zondag markt");
  assert.ok((await card.innerText()).includes("hier geschreven"));
  await anyone.follows(card.getByRole("heading").getByRole("link"));
  assert.equal(new URL(anyone.page.url()).pathname, "/partners/bloemhof_redactie");
  await anyone.isFine("author");
}

async function theDoor() {
  await wijk();
  await anyone.page.getByLabel("Of vul in waar je account is").fill("mastodon.example");
  await anyone.follows(anyone.page.getByRole("button", { name: "Volg" }));
  const away = anyone.page.locator("main a[href*='mastodon.example']");
  assert.equal(await away.count(), 1, "one link");
  const to = new URL(await away.getAttribute("href"));
  assert.equal(to.host, "mastodon.example");
  assert.equal(to.searchParams.get("uri"), ORIGIN + WIJK);
  await anyone.isFine("follow");
  await anyone.opens(`${WIJK}/volgen?server=zomaar%20iets`);
  assert.ok((await anyone.text()).includes("Dat adres kennen we niet"));
  await anyone.isFine("follow-problem");
}

async function theLanguages() {
  const html = anyone.page.locator("html");
  await anyone.opens("/");
  await anyone.follows(anyone.page.getByRole("link", { name: "English" }));
  assert.equal(await html.getAttribute("lang"), "en");
  await anyone.opens(WIJK);
  assert.equal(await html.getAttribute("lang"), "en", "it is remembered");
  assert.ok((await anyone.text()).includes("from b.test"));
  await anyone.isFine("wijk-en");
  await anyone.follows(anyone.page.getByRole("link", { name: "Nederlands" }));
  assert.equal(await html.getAttribute("lang"), "nl");
}

/** With no mouse at all: in through the first link, to the desk, and a decision. */
async function theDeskByKeyboard(moderator) {
  const { page } = moderator;
  await town("writes", { who: "resident", words: "De schommel in het park is stuk", alt: "Een schommel zonder zitje" });
  assert.ok(!(await wijk()).includes("schommel"), "it waits");
  await moderator.opens("/balie");
  assert.ok(page.url().startsWith(`${ORIGIN}/aanmelden`), page.url());
  await moderator.isFine("sign-in");
  await moderator.opens("/balie");
  await moderator.tabsTo(page.locator(".skip"));
  await page.keyboard.press("Enter");
  await moderator.tabsTo(page.getByLabel("Gebruikersnaam"));
  await page.keyboard.type(USERNAME);
  await page.keyboard.press("Tab");
  await page.keyboard.type("niet dit wachtwoord");
  moderator.failing = `${ORIGIN}/aanmelden`;
  await moderator.enters();
  await page.getByRole("alert").waitFor();
  await moderator.isFine("sign-in-problem");
  // The answer names nobody: a name that exists and one that does not get the same page (A5).
  await moderator.tabsTo(page.getByLabel("Gebruikersnaam"));
  await page.keyboard.type(USERNAME);
  await moderator.tabsTo(page.getByLabel("Wachtwoord"));
  await page.keyboard.type(PASSWORD);
  await moderator.enters();
  assert.equal(new URL(page.url()).pathname, "/balie");
  assert.ok((await moderator.waiting("schommel").innerText()).includes("@resident1@a.test"));
  await moderator.tabsTo(moderator.waiting("schommel").getByRole("button", { name: "Goedkeuren" }));
  await moderator.enters();
  assert.ok((await page.getByRole("status").innerText()).includes("Goedgekeurd"));
  await town("announced", { words: "De schommel in het park is stuk" });
  assert.ok((await wijk()).includes("schommel"));
  const card = anyone.post("schommel");
  assert.ok((await card.innerText()).includes("Bewoner"));
  assert.equal(await card.locator("img").count(), 0, "a picture elsewhere is a link");
  assert.ok((await card.getByRole("link", { name: "Een schommel zonder zitje" }).getAttribute("href")).startsWith("http://a.test/"));
}

async function aRefusal(moderator) {
  const words = "Nu korting op al onze matrassen";
  await town("writes", { who: "resident", words });
  await moderator.opens("/balie");
  const entry = moderator.waiting(words);
  const approve = entry.getByRole("button", { name: "Goedkeuren" });
  const above = async () => {
    const [button, whole] = [await approve.boundingBox(), await entry.boundingBox()];
    return [button.x, button.y - whole.y, button.width];
  };
  const before = await above();
  await entry.getByText("Weigeren").click();
  assert.deepEqual(await above(), before, "what opens moves no button");
  await entry.getByRole("radio", { name: "Reclame" }).check();
  await entry.getByLabel("In je eigen woorden").fill("Een winkel in een andere stad");
  await moderator.isFine("desk-refusing");
  await moderator.follows(entry.getByRole("button", { name: "Weiger dit bericht" }));
  assert.ok((await moderator.page.getByRole("status").innerText()).includes("Geweigerd"));
  assert.equal(await moderator.waiting(words).count(), 0);
  await town("no trace", { words });
  assert.ok(!(await wijk()).includes("matrassen"));
}

async function anEdit(moderator) {
  await town("edits", { words: "De schommel in het park is stuk", to: "De schommel in het park doet het weer" });
  await town("writes", { who: "resident", words: "Wie helpt zaterdag mee met de plantenbakken?" });
  assert.ok((await wijk()).includes("is stuk"), "what was approved stays");
  await moderator.opens("/balie");
  const passedOn = await moderator.page.locator(".announced").innerText();
  assert.ok(passedOn.includes("Politie Bloemhof") && passedOn.includes("Redactie Bloemhof"), passedOn);
  const entry = moderator.waiting("doet het weer");
  const [before, after] = [entry.locator(".versions section").nth(0), entry.locator(".versions section").nth(1)];
  assert.ok((await before.innerText()).includes("is stuk") && (await after.innerText()).includes("doet het weer"));
  const [left, right] = [await before.boundingBox(), await after.boundingBox()];
  assert.ok(left.x + left.width <= right.x && Math.abs(left.y - right.y) < 2, "side by side");
  await moderator.isFine("desk");
  await moderator.follows(entry.getByRole("button", { name: "Goedkeuren" }));
  assert.ok((await wijk()).includes("doet het weer"));
  assert.ok(!(await anyone.text()).includes("is stuk"));
}

async function aPostTakenBack(moderator) {
  const words = "De schommel in het park doet het weer";
  await wijk();
  const permalink = await anyone.post(words).getByRole("link", { name: "Lees dit bericht" }).getAttribute("href");
  await moderator.opens("/balie");
  const entry = moderator.page.locator(".announced li", { hasText: words });
  await entry.getByText("Haal terug").click();
  await entry.getByRole("radio", { name: "Iemand is herkenbaar" }).check();
  await moderator.isFine("desk-withdrawing");
  await moderator.follows(entry.getByRole("button", { name: "Haal dit bericht terug" }));
  assert.ok((await moderator.page.getByRole("status").innerText()).includes("Teruggehaald"));
  assert.ok(!(await wijk()).includes("schommel"));
  await anyone.opens(permalink.replace(ORIGIN, ""), 410);
  await anyone.isFine("410");
  await anyone.opens("/berichten/123456789", 404);
  await anyone.isFine("404");
}

async function theAuthorDeletes() {
  const words = "Zaterdag spreekuur in de Huiskamer";
  await town("deletes", { words });
  assert.ok(!(await wijk()).includes(words));
}

async function aDirectPost(moderator) {
  const words = "Alleen voor de redactie";
  await town("writes", { who: "resident", words, to: "direct" });
  await town("no trace", { words });
  for (const [visitor, path] of [[anyone, WIJK], [anyone, "/"], [moderator, WIJK], [moderator, "/balie"]]) {
    await visitor.opens(path);
    assert.ok(!(await visitor.text()).includes(words), path);
  }
}

async function anEmptyDeskAndOut(moderator) {
  await moderator.opens("/balie");
  await moderator.follows(moderator.waiting("plantenbakken").getByRole("button", { name: "Goedkeuren" }));
  await moderator.opens("/balie");
  assert.ok(!(await moderator.text()).includes("Niets te doen"), "a letter is something to do");
  await moderator.follows(moderator.page.getByRole("link", { name: "Alleen voor jullie" }));
  await moderator.follows(moderator.waiting("Alleen voor de redactie").getByRole("button", { name: "Gelezen, mag weg" }));
  await moderator.opens("/balie");
  assert.ok((await moderator.text()).includes("Niets te doen"));
  await moderator.isFine("desk-empty");
  await moderator.follows(moderator.page.getByRole("button", { name: "Afmelden" }));
  await moderator.opens("/balie");
  assert.ok(moderator.page.url().startsWith(`${ORIGIN}/aanmelden`), "out is out");
}

async function anInvitation() {
  const invited = await Visitor.of(browser);
  const path = INVITATION.replace(ORIGIN, "");
  await invited.opens(path);
  await invited.isFine("invitation");
  await invited.page.getByLabel("Kies een wachtwoord").fill("te kort");
  invited.failing = ORIGIN + path;
  await invited.follows(invited.page.getByRole("button", { name: "Bewaar en begin" }));
  await invited.isFine("invitation-problem");
  await invited.page.getByLabel("Kies een wachtwoord").fill("een lange zin die ik onthoud");
  await invited.follows(invited.page.getByRole("button", { name: "Bewaar en begin" }));
  assert.equal(new URL(invited.page.url()).pathname, "/balie");
  await invited.leaves();
}

const moderator = await Visitor.of(browser);
for (const story of [
  aPartnersPostIsThere, theRedactiesPost, theDoor, theLanguages, theDeskByKeyboard, aRefusal, anEdit, aPostTakenBack, theAuthorDeletes, aDirectPost, anEmptyDeskAndOut, anInvitation,
]) {
  const begun = Date.now();
  await story(moderator);
  process.stderr.write(`${story.name}: ${Date.now() - begun} ms\n`);
}
await Promise.all([anyone.leaves(), moderator.leaves()]);
await browser.close();
process.exit(0);
