// The wijk's page as a picture of 1280 px, in the file named by PICTURE.
import { writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { Visitor, start } from "./chromium.mjs";

const WIDTH = 1280;
const COLOURS = 256;

/** The pixels of a PNG, as numbers 0xRRGGBB; the browser that made it reads it. */
async function pixels(page, png) {
  const raw = await page.evaluate(async (base64) => {
    const image = await createImageBitmap(new Blob([Uint8Array.fromBase64(base64)], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    return new Uint8Array(canvas.getImageData(0, 0, image.width, image.height).data.buffer).toBase64();
  }, png.toString("base64"));
  const rgba = Buffer.from(raw, "base64");
  return Uint32Array.from({ length: rgba.length / 4 }, (_, i) => rgba.readUIntBE(i * 4, 3));
}

/** The same picture with a palette of its most frequent colours: a third of the size. */
function withPalette(pixels) {
  const often = new Map();
  for (const colour of pixels) often.set(colour, (often.get(colour) ?? 0) + 1);
  const palette = [...often.keys()].sort((a, b) => often.get(b) - often.get(a)).slice(0, COLOURS);
  const apart = (a, b) => [16, 8, 0].reduce((sum, bit) => sum + (((a >> bit) & 255) - ((b >> bit) & 255)) ** 2, 0);
  const nearest = (colour) => palette.reduce((best, other, i) => (apart(colour, other) < apart(colour, palette[best]) ? i : best), 0);
  const places = new Map([...often.keys()].map((colour) => [colour, nearest(colour)]));
  const height = pixels.length / WIDTH;
  const rows = Buffer.alloc(height * (WIDTH + 1)); // each row begins with 0: no filter
  pixels.forEach((colour, i) => (rows[i + Math.floor(i / WIDTH) + 1] = places.get(colour)));
  const number = (value) => Buffer.from(Uint32Array.of(value).buffer).swap32();
  const chunk = (name, data) => {
    const named = Buffer.concat([Buffer.from(name), data]);
    return Buffer.concat([number(data.length), named, number(crc32(named))]);
  };
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", Buffer.concat([number(WIDTH), number(height), Buffer.from([8, 3, 0, 0, 0])])),
    chunk("PLTE", Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const browser = await start();
const visitor = await Visitor.of(browser, { viewport: { width: WIDTH, height: 900 } });
await visitor.opens("/wijken/bloemhof");
await visitor.page.evaluate(() => document.fonts.ready);
const last = await visitor.page.locator("article.post").last().boundingBox();
const height = Math.ceil(last.y + last.height) + 32;
const shot = await visitor.page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width: WIDTH, height } });
writeFileSync(process.env.PICTURE, withPalette(await pixels(visitor.page, shot)));
await visitor.leaves();
await browser.close();
process.exit(0);
