// Pictures on the wijk's page and at the desk: all of ours, each seen, none wider than the screen.
import assert from "node:assert/strict";
import { Visitor, start } from "./chromium.mjs";

const { USERNAME, PASSWORD } = process.env;
const browser = await start();

/** Scrolls past every picture, so that it is loaded, and sees that it is one. */
async function all(visitor) {
  const images = visitor.page.locator("main img:visible");
  for (const image of await images.all()) {
    await image.scrollIntoViewIfNeeded();
    await image.evaluate((img) => img.decode());
    const { from, width, alt } = await image.evaluate((img) => ({ from: new URL(img.src), width: img.naturalWidth, alt: img.alt }));
    assert.ok(from.pathname.startsWith("/media/") && width > 0 && alt, from.href);
  }
  return await images.count();
}

const anyone = await Visitor.of(browser);
await anyone.opens("/wijken/bloemhof");
const hidden = anyone.post("Let op: een wespennest");
assert.equal(await hidden.locator("img:visible").count(), 0, "what is behind a warning is not seen");
await hidden.locator("summary").click();
assert.equal(await all(anyone), 12);
const four = await anyone.post("Vier van de markt").locator("img").all();
const boxes = await Promise.all(four.map((image) => image.boundingBox()));
assert.ok(boxes.every((box) => Math.abs(box.width - boxes[0].width) < 2 && Math.abs(box.height - boxes[0].height) < 2), "alike");
await anyone.isFine("pictures");

const link = anyone.post("Vier van de markt").getByRole("link", { name: "Kraam 1" });
const large = await anyone.page.evaluate(async (href) => {
  const picture = await createImageBitmap(await (await fetch(href)).blob());
  return Math.max(picture.width, picture.height);
}, await link.getAttribute("href"));
assert.equal(large, 1600);
await anyone.leaves();

const moderator = await Visitor.of(browser);
await moderator.opens("/aanmelden");
await moderator.page.getByLabel("Gebruikersnaam").fill(USERNAME);
await moderator.page.getByLabel("Wachtwoord").fill(PASSWORD);
await moderator.page.keyboard.press("Enter");
await moderator.page.waitForURL("**/balie");
const waits = moderator.waiting("Mag dit op de pagina?").locator("img");
for (let looks = 0; (await waits.count()) === 0 && looks < 100; looks++) await moderator.opens("/balie"); // it is drawn meanwhile
assert.equal(await all(moderator), 1, "the desk shows what waits");
await moderator.isFine("desk-pictures");
await moderator.leaves();
await browser.close();
process.exit(0);
