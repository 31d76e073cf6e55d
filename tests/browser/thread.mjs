// A thread, and what is not right in it: the answers under a post, a report by who reads it, and the desk that decides.
import assert from "node:assert/strict";
import { ORIGIN, Visitor, start } from "./chromium.mjs";

const { USERNAME, PASSWORD, POST } = process.env;
const browser = await start();
const [anyone, moderator] = [await Visitor.of(browser), await Visitor.of(browser)];

await anyone.opens(POST);
const text = await anyone.text();
assert.ok(text.indexOf("Komt er een bank?") < text.indexOf("Ja, in mei"), text);
assert.ok(text.includes("Eén buur vond dit fijn"), text);
const [above, below] = [await anyone.post("Komt er een bank?").boundingBox(), await anyone.post("Ja, in mei").boundingBox()];
assert.ok(above.x < below.x, "an answer to an answer stands to the right of it");
await anyone.isFine("thread");
await anyone.page.setViewportSize({ width: 360, height: 800 });
const narrow = await anyone.post("Ja, in mei").boundingBox();
assert.ok(narrow.width >= 290, `readable on a phone: ${narrow.width} px`);

await anyone.follows(anyone.page.getByRole("link", { name: "Iets klopt hier niet" }));
await anyone.isFine("report");
assert.ok(!(await anyone.page.getByLabel("Laat dit leeg").isVisible()) || (await anyone.page.getByLabel("Laat dit leeg").boundingBox()).x < 0, "nobody sees the trap");
await anyone.page.getByRole("radio", { name: "Iemand is herkenbaar" }).check();
await anyone.page.getByLabel("Vertel er iets over").fill("<b>Dit is mijn adres</b>\n\nGraag weghalen");
await anyone.follows(anyone.page.getByRole("button", { name: "Stuur naar de moderatoren" }));
assert.ok((await anyone.page.getByRole("status").innerText()).includes("kijken ernaar"));
await anyone.isFine("report-sent");

await moderator.opens("/balie");
await moderator.page.getByLabel("Gebruikersnaam").fill(USERNAME);
await moderator.page.getByLabel("Wachtwoord").fill(PASSWORD);
await moderator.follows(moderator.page.getByRole("button", { name: "Meld me aan" }));
assert.equal((await moderator.page.getByRole("navigation", { name: "Hoofdmenu" }).locator(".count").innerText()).trim().split(/\s/)[0], "1", "the badge counts it");
const report = moderator.waiting("Dit is mijn adres");
assert.ok((await report.innerText()).includes("<b>Dit is mijn adres</b>"), "as it was typed");
await moderator.isFine("desk-report");
await report.getByLabel("Wat vind je ervan?").fill("Adres van iemand");
await moderator.follows(report.getByRole("button", { name: "Haal het bericht terug" }));
assert.ok((await moderator.page.getByRole("status").innerText()).includes("Teruggehaald"));
await anyone.opens(POST.replace(ORIGIN, ""), 410);
await Promise.all([anyone.leaves(), moderator.leaves()]);
await browser.close();
process.exit(0);
