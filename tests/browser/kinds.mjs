// A page of every kind, and what stands on the desk for moderators alone.
import assert from "node:assert/strict";
import ICAL from "ical.js";
import { ORIGIN, Visitor, start, town } from "./chromium.mjs";

const { USERNAME, PASSWORD, POSTS } = process.env;
const { events: [burendag, football], polls: [bank] } = JSON.parse(POSTS);
const WIJK = "/wijken/bloemhof";
const browser = await start();
const anyone = await Visitor.of(browser);

const path = (address) => address.replace(ORIGIN, "");

/** The events that a link offers to a calendar app, as one that is not ours reads them. */
async function calendar(link) {
  const [type, text] = await anyone.page.evaluate(async (href) => {
    const answer = await fetch(href);
    return [answer.headers.get("content-type"), await answer.text()];
  }, await link.getAttribute("href"));
  assert.equal(type, "text/calendar; charset=utf-8");
  const events = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent");
  return events.map((event) => Object.assign(new ICAL.Event(event), { status: event.getFirstPropertyValue("status") }));
}

async function theWijk() {
  await anyone.opens(WIJK);
  const alarm = await anyone.post("sluit ramen en deuren").innerText();
  assert.ok(alarm.includes("Alarm"), alarm);
  await anyone.isFine("kinds-wijk");
}

async function anEvent() {
  await anyone.opens(path(burendag));
  const text = await anyone.text();
  for (const said of ["Burendag: taart", "14:00", "17:00", "Speelplein 3"]) assert.ok(text.includes(said), `${said}: ${text}`);
  assert.equal(await anyone.page.getByRole("link", { name: "Lees dit bericht" }).count(), 0, "no link to where one is");
  const [event] = await calendar(anyone.page.getByRole("link", { name: "Zet in mijn agenda" }));
  assert.deepEqual([event.uid, event.summary], [burendag, "Burendag: taart, planten ruilen en muziek"]);
  assert.equal(event.location, "Speeltuin Bloemhof, Speelplein 3, 3073 AA Rotterdam");
  assert.equal(event.startDate.toJSDate().toISOString(), "2040-09-26T12:00:00.000Z", "14:00 in summer");
  assert.equal(event.endDate.toJSDate().toISOString(), "2040-09-26T15:00:00.000Z");
  assert.ok(event.description.startsWith("Neem een taart mee"), event.description);
  await anyone.isFine("event");
  await anyone.opens(path(football));
  assert.ok((await anyone.text()).includes("Gaat niet door"));
  assert.equal(await anyone.page.getByRole("link", { name: "Zet in mijn agenda" }).count(), 0);
  await anyone.isFine("event-cancelled");
  await anyone.opens(`${path(burendag)}?taal=en`);
  await anyone.isFine("event-en");
  await anyone.opens(`${path(burendag)}?taal=nl`);
}

async function theAgenda() {
  await anyone.opens(WIJK);
  await anyone.follows(anyone.page.getByRole("link", { name: "De hele agenda" }));
  const lines = await anyone.page.locator(".agenda > li").allInnerTexts();
  assert.equal(lines.length, 3);
  for (const [line, said] of [[0, "26"], [1, "Fietsen graveren"], [1, "Nog niet zeker"], [2, "Gaat niet door"]]) {
    assert.ok(lines[line].includes(said), `${said}: ${lines[line]}`);
  }
  const events = await calendar(anyone.page.getByRole("link", { name: "Zet alles in je eigen agenda" }));
  assert.deepEqual(events.map((event) => event.status), ["CONFIRMED", "TENTATIVE", "CANCELLED"]);
  assert.equal(events[2].startDate.toJSDate().toISOString(), "2040-12-01T14:30:00.000Z", "15:30 in winter");
  await anyone.isFine("agenda");
  await anyone.follows(anyone.page.getByRole("link", { name: "Fietsen graveren" }));
  assert.ok((await anyone.text()).includes("Doe mee op internet"));
  await anyone.isFine("event-elsewhere");
}

async function polls() {
  await anyone.opens(path(bank));
  const text = await anyone.text();
  for (const said of ["3 mensen stemden", "2 stemmen (67 %)", "Stemmen doe je in je eigen app"]) assert.ok(text.includes(said), `${said}: ${text}`);
  await anyone.isFine("poll");
  await anyone.opens(WIJK);
  const over = anyone.post("Wanneer schikt een rondje");
  assert.ok((await over.innerText()).includes("De peiling is gesloten"));
  await anyone.follows(over.getByRole("link", { name: "Lees dit bericht" }));
  await anyone.isFine("poll-closed");
}

async function aHashtag() {
  await anyone.opens(path(burendag));
  await anyone.follows(anyone.page.getByRole("link", { name: "#bloemhof" }).first());
  const text = await anyone.text();
  assert.ok(text.includes("Gratis bomen") && text.includes("Burendag"), text);
  await anyone.isFine("tag");
}

/** From a post to its report and back, whatever kind it is. */
async function somethingIsNotRight() {
  await anyone.opens(path(bank));
  await anyone.follows(anyone.page.getByRole("link", { name: "Iets klopt hier niet" }));
  assert.ok((await anyone.text()).includes("Waar moet de nieuwe bank komen?"));
  await anyone.follows(anyone.page.getByRole("link", { name: "Terug" }));
  assert.equal(anyone.page.url(), bank);
  await anyone.opens(path(bank).replace("peilingen", "gesprekken"));
  assert.ok((await anyone.text()).includes("Waar moet de nieuwe bank komen?"));
}

async function whatIsForModeratorsAlone() {
  const moderator = await Visitor.of(browser);
  await moderator.opens("/balie/prive?wijk=bloemhof");
  await moderator.page.getByLabel("Gebruikersnaam").fill(USERNAME);
  await moderator.page.getByLabel("Wachtwoord").fill(PASSWORD);
  await moderator.follows(moderator.page.getByRole("button", { name: "Meld me aan" }));
  assert.ok((await moderator.text()).includes("onder vier ogen"), "nobody wrote yet");
  await moderator.isFine("private-empty");
  await town("a letter", { words: "Mijn buurvrouw doet al drie dagen niet open. Wat kan ik doen?" });
  await town("a letter", { words: "Kan mijn naam van die foto af?" });
  const letters = moderator.page.getByRole("link", { name: "Alleen voor jullie 2" });
  for (let looks = 0; (await letters.count()) === 0 && looks < 100; looks++) await moderator.opens("/balie"); // they are on their way
  const desk = await moderator.text();
  assert.ok(!desk.includes("Niets te doen"), `letters are something to do: ${desk}`);
  await moderator.isFine("desk-private");
  await moderator.follows(letters);
  assert.ok((await moderator.text()).includes("doet al drie dagen niet open"));
  await moderator.isFine("private");
  await moderator.follows(moderator.waiting("Kan mijn naam").getByRole("button", { name: "Gelezen, mag weg" }));
  assert.equal(await moderator.waiting("Kan mijn naam").count(), 0);
  await moderator.leaves();
}

for (const story of [theWijk, anEvent, theAgenda, polls, aHashtag, somethingIsNotRight, whatIsForModeratorsAlone]) await story();
await anyone.leaves();
await browser.close();
process.exit(0);
