// Two peers, Fedify to Fedify: shows that the peer works before any other server is in play.
// node_modules/.bin/node selftest.mjs      (prints one line per step; exit 0 when all hold)
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const begun = performance.now();
let steps = 0;
const step = (text) => process.stdout.write(`ok ${++steps} ${text} (${Math.round(performance.now() - begun)} ms)\n`);

async function start(name) {
  const child = spawn(process.execPath, [fileURLToPath(new URL("peer.mjs", import.meta.url)), "--name", name, "--until-stdin-closes", "--log", "fatal"], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  const ended = once(child, "exit");
  const first = await Promise.race([once(createInterface(child.stdout), "line"), ended.then(() => assert.fail(`${name} ended: ${said}`))]);
  const ready = JSON.parse(first[0]);
  const call = async (method, path, body) => {
    const answer = await fetch(`http://${ready.control}${path}`, { method, body: body && JSON.stringify(body) });
    const json = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(`${method} ${path}: ${json.error}`), { status: answer.status });
    if (json.failed) assert.deepEqual(json.failed, [], `${method} ${path}`);
    return json;
  };
  return { name, ...ready, child, ended, said: () => said, get: (path) => call("GET", path), post: (path, body = {}) => call("POST", path, body) };
}

/** A GET as any server would do it, to the listening port with the name in Host. */
const outside = (peer, path, accept) =>
  new Promise((resolve, reject) => {
    const [host, port] = peer.listening.split(":");
    http.get({ host, port, path, headers: { host: peer.name, accept } }, async (answer) => {
      let body = "";
      for await (const part of answer) body += part;
      resolve({ status: answer.statusCode, type: answer.headers["content-type"], body });
    }).on("error", reject);
  });
const AS = "application/activity+json";

const [a, b] = await Promise.all([start("a.test"), start("b.test")]);
try {
  await a.post("/resolve", { "b.test": b.listening });
  await b.post("/resolve", { "a.test": a.listening });
  step("two peers are up");

  const [anna, bram] = await Promise.all([a.post("/person", { name: "anna" }), b.post("/person", { name: "bram" })]);
  assert.equal(anna.id, "http://a.test/users/anna");
  assert.equal(bram.handle, "@bram@b.test");
  const actor = await outside(b, "/users/bram", AS);
  assert.equal(actor.status, 200);
  assert.equal(actor.type, AS);
  const document = JSON.parse(actor.body);
  assert.match(document.publicKey.publicKeyPem, /BEGIN PUBLIC KEY/);
  assert.equal(document.assertionMethod.length ?? 1, 2);
  assert.equal(document.endpoints.sharedInbox, "http://b.test/inbox");
  const finger = JSON.parse((await outside(b, "/.well-known/webfinger?resource=acct:bram@b.test", "*/*")).body);
  assert.equal(finger.links.find((link) => link.rel === "self").href, bram.id);
  const info = JSON.parse((await outside(b, "/.well-known/nodeinfo", "application/json")).body);
  assert.equal(info.links[0].href, "http://b.test/nodeinfo/2.1");
  step("persons, WebFinger, NodeInfo");

  const follow = await a.post("/follow", { as: "anna", handle: "@bram@b.test" });
  assert.equal(follow.target, bram.id);
  const accepted = await a.get("/following?as=anna&state=accepted&min=1&within=10000");
  assert.deepEqual(accepted, [{ target: bram.id, state: "accepted", follow: follow.id }]);
  assert.deepEqual(await b.get("/followers?as=bram"), [anna.id]);
  const got = await b.get("/inbox?as=bram");
  assert.deepEqual(got.map((x) => [x.type, x.actor, x.object, x.inbox]), [["Follow", anna.id, bram.id, "bram"]]);
  assert.equal((await a.get("/inbox?as=anna"))[0].type, "Accept");
  step("follow → accept");

  const tried = (await a.get("/outgoing")).filter((x) => x.method === "POST");
  assert.deepEqual(tried.map((x) => [x.url, x.status, x.signature]), [["http://b.test/users/bram/inbox", 202, "rfc9421"]]);
  step("RFC 9421 was tried first and accepted");

  await b.post("/follow", { as: "bram", handle: "@anna@a.test" });
  await b.get("/following?as=bram&state=accepted&min=1&within=10000");
  const hello = await a.post("/post", { as: "anna", text: "Zaterdag <koffie> op het plein", mention: ["@bram@b.test"], images: [{ data: "iVBORw0KGgo=", mediaType: "image/png", alt: "het plein" }] });
  const [create] = await b.get("/inbox?as=bram&type=Create&min=1&within=10000");
  assert.equal(create.id, hello.activity);
  assert.equal(create.object, hello.id);
  assert.equal(create.inbox, "bram");
  assert.match(create.raw.object.content, /Zaterdag &lt;koffie&gt;/);
  assert.equal([create.raw.object.tag].flat()[0].type, "Mention");
  const [image] = [create.raw.object.attachment].flat();
  assert.equal(image.name, "het plein");
  assert.equal((await outside(a, new URL(image.url).pathname, "image/*")).type, "image/png");
  assert.equal((await b.get("/inbox?as=bram&type=Create")).length, 1, "delivered once, although bram is mentioned and follows");
  step("post with a mention → delivery");

  const [shown] = await b.get("/timeline?as=bram&min=1&within=10000");
  assert.deepEqual([shown.announce, shown.by, shown.id, shown.author], [null, anna.id, hello.id, anna.id]);
  assert.equal(JSON.parse((await outside(a, new URL(hello.id).pathname, AS)).body).type, "Note");
  assert.match((await outside(a, new URL(hello.id).pathname, "text/html")).type, /^text\/html/);
  assert.equal(JSON.parse((await outside(a, new URL(hello.activity).pathname, AS)).body).type, "Create");
  step("the note is in the home feed and at its id, as JSON and as a page");

  // carol on a.test follows bram; bram announces anna's note: it reaches carol's home feed, fetched by its id
  await a.post("/person", { name: "carol" });
  await a.post("/follow", { as: "carol", handle: "@bram@b.test" });
  await a.get("/following?as=carol&state=accepted&min=1&within=10000");
  await b.post("/person", { name: "dirk" });
  const dirks = await b.post("/post", { as: "dirk", text: "van dirk" });
  const boost = await b.post("/announce", { as: "bram", id: dirks.id });
  const [boosted] = await a.get("/timeline?as=carol&min=1&within=10000");
  assert.deepEqual([boosted.announce, boosted.by, boosted.id, boosted.author], [boost.id, bram.id, dirks.id, "http://b.test/users/dirk"]);
  assert.deepEqual((await a.get("/inbox?type=Announce")).map((x) => x.inbox), ["shared"]);
  assert.ok((await a.get("/outgoing")).some((x) => x.url === dirks.id && x.signature !== "none"), "the note was fetched with a signature");
  await b.post("/undo", { as: "bram", id: boost.id });
  assert.deepEqual(await a.get("/timeline?as=carol&max=0&within=10000"), []);
  step("announce at the shared inbox → home feed, undo → out of it");

  await a.post("/edit", { id: hello.id, text: "Zondag koffie" });
  const [update] = await b.get("/inbox?as=bram&type=Update&min=1&within=10000");
  assert.match(update.raw.object.content, /Zondag koffie/);
  assert.ok(update.raw.object.updated);
  await b.post("/like", { as: "bram", id: hello.id });
  assert.equal((await a.get("/inbox?as=anna&type=Like&min=1&within=10000"))[0].object, hello.id);
  step("edit and like");

  await a.post("/delete", { id: hello.id });
  const [gone] = await b.get("/inbox?as=bram&type=Delete&min=1&within=10000");
  assert.equal(gone.object, hello.id);
  const tombstone = await outside(a, new URL(hello.id).pathname, AS);
  assert.equal(tombstone.status, 410);
  assert.equal(JSON.parse(tombstone.body).type, "Tombstone");
  assert.deepEqual(await b.get("/timeline?as=bram&max=0&within=10000"), []);
  step("delete → delivery, 410 and a Tombstone");

  await a.post("/authorize", { on: true });
  assert.equal((await outside(a, "/users/anna", AS)).status, 401);
  await a.post("/person", { name: "els" });
  await b.post("/follow", { as: "dirk", handle: "@els@a.test" });
  await b.get("/following?as=dirk&state=accepted&min=1&within=10000");
  await a.post("/authorize", { on: false });
  step("authorised fetch: unsigned 401, signed as usual");

  await b.post("/rotate", { as: "bram" });
  await b.post("/post", { as: "bram", text: "nieuwe sleutel", mention: ["@anna@a.test"] });
  const [rotated] = (await a.get("/inbox?as=anna&type=Create&min=2&within=10000")).toSorted((x, y) => x.inbox.localeCompare(y.inbox));
  assert.deepEqual([rotated.actor, rotated.inbox], [bram.id, "anna"]);
  step("a rotated key is fetched anew");

  const { former, key } = await b.post("/rotate", { as: "bram", elsewhere: true });
  assert.notEqual(former, key);
  await b.post("/post", { as: "bram", text: "sleutel onder een andere naam", mention: ["@anna@a.test"] });
  await a.get("/inbox?as=anna&type=Create&min=3&within=10000");
  step("a key under another id");

  const poll = await a.post("/post", { as: "anna", text: "Waar?", poll: { options: { Plein: 3, Park: 1 }, ends: "2040-01-01T00:00:00Z" } });
  const event = await a.post("/post", { as: "anna", text: "Kom ook", event: { name: "Feest", starts: "2040-06-01T14:00:00+02:00", place: "Plein" } });
  const [seenEvent, seenPoll] = (await b.get("/timeline?as=bram&min=2&within=10000")).toSorted((x, y) => x.type.localeCompare(y.type));
  assert.deepEqual([seenPoll.id, seenPoll.type, seenPoll.options, seenPoll.voters], [poll.id, "Question", { Plein: 3, Park: 1 }, 4]);
  assert.deepEqual([seenEvent.id, seenEvent.type, seenEvent.name, seenEvent.startTime, seenEvent.place], [event.id, "Event", "Feest", "2040-06-01T12:00:00Z", "Plein"]);
  await b.post("/vote", { as: "bram", id: poll.id, option: "Plein" });
  const [vote] = (await a.get("/inbox?as=anna&type=Create&min=4&within=10000")).filter((x) => x.raw.object.name);
  assert.deepEqual([vote.raw.object.name, vote.raw.object.inReplyTo, vote.raw.object.content], ["Plein", poll.id, undefined]);
  await b.post("/flag", { as: "bram", about: [anna.id, poll.id], text: "reclame", to: "@anna@a.test" });
  assert.deepEqual((await a.get("/inbox?as=anna&type=Flag&min=1&within=10000"))[0].raw.object, [anna.id, poll.id]);
  await a.post("/delete", { id: poll.id });
  const tombstoneOfPoll = await b.post("/look", { id: poll.id });
  assert.deepEqual([tombstoneOfPoll.status, tombstoneOfPoll.type, tombstoneOfPoll.formerType], [410, "Tombstone", "Question"]);
  step("polls, votes, events, reports, tombstones");

  const [host, port] = a.listening.split(":");
  const forged = await new Promise((resolve, reject) => {
    const body = JSON.stringify({ "@context": "https://www.w3.org/ns/activitystreams", id: "http://b.test/x", type: "Like", actor: bram.id, object: anna.id });
    http.request({ host, port, path: "/inbox", method: "POST", headers: { host: "a.test", "content-type": AS } }, (r) => resolve(r.resume())).on("error", reject).end(body);
  });
  assert.equal(forged.statusCode, 401);
  const [refused] = await a.get("/refused");
  assert.deepEqual([refused.status, refused.reason, refused.id], [401, "noSignature", "http://b.test/x"]);
  await a.post("/unfollow", { as: "anna", target: bram.id });
  assert.deepEqual(await a.get("/following?as=anna"), []);
  await b.get("/inbox?as=bram&type=Undo&min=1&within=10000");
  assert.ok(!(await b.get("/followers?as=bram")).includes(anna.id));
  await assert.rejects(a.post("/follow", { as: "anna", handle: "@niemand@b.test" }), { status: 404 });
  step("unsigned refused with its reason; unfollow; an unknown handle is a clear error");

  for (const peer of [a, b]) assert.deepEqual(await peer.get("/problems"), [], `problems of ${peer.name}`);
  await a.post("/quit");
  b.child.stdin.end();
  assert.deepEqual(await Promise.all([a.ended, b.ended]), [[0, null], [0, null]]);
  step("no problems; both end");
  process.stdout.write(`${steps} passed, 0 failed\n`);
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  for (const peer of [a, b]) {
    process.stderr.write(`--- ${peer.name}\n${peer.said()}`);
    for (const name of ["problems", "refused", "outgoing"]) {
      const list = peer.child.exitCode == null ? await peer.get(`/${name}`).catch(() => []) : [];
      for (const entry of list) process.stderr.write(`${name}: ${JSON.stringify({ ...entry, raw: undefined })}\n`);
    }
  }
  process.stdout.write(`${steps} passed, 1 failed\n`);
  process.exitCode = 1;
} finally {
  for (const peer of [a, b]) if (peer.child.exitCode == null) peer.child.kill();
}
