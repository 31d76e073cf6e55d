// A fediverse server for tests, on Fedify: an implementation that shares no code with the server under test.
// See README.md for how it is started and what its control port understands.
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import http from "node:http";
import { parseArgs } from "node:util";
import { Temporal } from "@js-temporal/polyfill";
import { configureSync, getJsonLinesFormatter } from "@logtape/logtape";

// ---------------------------------------------------------------------------------------------- command line

function fail(line) {
  process.stderr.write(`fedify peer: ${line}\n`);
  process.exit(2);
}

if (Number(process.versions.node.split(".")[0]) < 22) {
  fail(`Node ${process.versions.node} is too old, 22 or newer is needed: use node_modules/.bin/node after npm ci`);
}

let options;
try {
  options = parseArgs({
    options: {
      name: { type: "string" },
      listen: { type: "string", default: "127.0.0.1:0" },
      control: { type: "string", default: "127.0.0.1:0" },
      resolve: { type: "string", multiple: true, default: [] },
      log: { type: "string", default: "warning" }, // debug, info, warning, error, fatal
      "until-stdin-closes": { type: "boolean", default: false },
    },
  }).values;
} catch (error) {
  fail(error.message);
}
const NAME = options.name ?? fail("--name is missing, e.g. --name elders.test");
if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(NAME)) fail(`--name ${NAME} is not a plain lower-case host name`);
const ORIGIN = `http://${NAME}`;

function hostPort(text, what) {
  const m = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost):(\d{1,5})$/.exec(text);
  if (!m) throw new Problem(400, `${what} ${text}: expected a loopback address and a port, e.g. 127.0.0.1:8080`);
  return { host: m[1].replace(/^\[|\]$/g, ""), port: Number(m[2]) };
}

class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// ---------------------------------------------------------------------------------------------- what happened

const changed = new EventEmitter();
changed.setMaxListeners(0);
const log = { incoming: [], outgoing: [], refused: [], problems: [] };
const now = () => new Date().toISOString();
const oneLine = (error) => String(error?.message ?? error).replace(/\s+/g, " ").trim().slice(0, 400);

function note(list, entry) {
  log[list].push(entry);
  changed.emit("change");
  return entry;
}

function problem(what, id, reason) {
  note("problems", { what, id, reason: oneLine(reason), at: now() });
  process.stderr.write(`fedify peer ${NAME}: ${what} ${id ?? ""}: ${oneLine(reason)}\n`);
}

/** Which HTTP signature a message carries. */
function signatureOf(headers) {
  const get = (name) => (headers instanceof Headers ? headers.get(name) : headers[name]);
  if (get("signature-input")) return "rfc9421";
  if (get("signature") || /^signature /i.test(get("authorization") ?? "")) return "cavage";
  return "none";
}

// Fedify says why a signature fails only in its debug log: what it logs during a request is kept with that request.
const during = new AsyncLocalStorage();
const LEVELS = ["trace", "debug", "info", "warning", "error", "fatal"];
const threshold = LEVELS.indexOf(options.log);
if (threshold < 0) fail(`--log ${options.log} is none of ${LEVELS.join(", ")}`);
const format = getJsonLinesFormatter({ message: "rendered", properties: "flatten" });
const render = (record) =>
  record.message.map((part) => (typeof part === "string" ? part : part instanceof Error ? part.message : JSON.stringify(part) ?? "")).join("");
configureSync({
  sinks: {
    here(record) {
      if (record.category.includes("sig") || record.level === "error" || record.level === "warning") {
        during.getStore()?.said.push(render(record).replace(/\s+/g, " ").slice(0, 400));
      }
      if (LEVELS.indexOf(record.level) >= threshold) process.stderr.write(format(record));
    },
  },
  loggers: [
    { category: "fedify", lowestLevel: "debug", sinks: ["here"] },
    { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["here"] },
  ],
});

// ---------------------------------------------------------------------------------------------- names, not addresses

const lab = new Map(); // name[:port] → {host, port}
function addName(name, address) {
  lab.set(name, hostPort(address, `the address of ${name}`));
}
for (const part of options.resolve.flatMap((r) => r.split(",")).filter(Boolean)) {
  const at = part.indexOf("=");
  if (at < 1) fail(`--resolve ${part}: expected name=address:port`);
  try {
    addName(part.slice(0, at), part.slice(at + 1));
  } catch (error) {
    fail(error.message);
  }
}

/**
 * Every request Fedify makes goes through here. Names of the lab are dialled at the address they are mapped to, with
 * their own name in Host; anything else is refused, so that no test ever leaves the machine. Fedify asks WebFinger for
 * a handle over https only; the lab has no TLS, so exactly that path is asked over http.
 */
globalThis.fetch = async function labFetch(input, init) {
  let request = new Request(input, init);
  const signal = init?.signal ?? request.signal;
  for (let hops = 0; ; hops++) {
    const response = await exchange(request, signal);
    const location = response.headers.get("location");
    if (request.redirect === "manual" || location == null || response.status < 300 || response.status > 399) return response;
    if (hops === 5) throw new TypeError(`${request.url}: more than five redirects`);
    request = new Request(new URL(location, request.url), { headers: request.headers, redirect: "follow" });
  }
};

async function exchange(request, signal) {
  const url = new URL(request.url);
  const body = request.body == null ? null : Buffer.from(await request.arrayBuffer());
  const entry = { method: request.method, url: url.href, status: null, signature: signatureOf(request.headers), accept: request.headers.get("accept") };
  if (body != null) Object.assign(entry, { contentType: request.headers.get("content-type"), activity: summary(parse(body)) });
  note("outgoing", Object.assign(entry, { at: now() }));
  try {
    const target = lab.get(url.host);
    if (target == null) throw new Error(`${url.host} is not a name of this lab (--resolve)`);
    if (url.protocol !== "http:" && url.pathname !== "/.well-known/webfinger") throw new Error(`${url.href}: the lab speaks http only`);
    const response = await dial(target, request, url, body, signal);
    entry.status = response.status;
    entry.answerType = response.headers.get("content-type");
    return response;
  } catch (error) {
    entry.error = oneLine(error);
    throw new TypeError(`${request.method} ${url.href}: ${oneLine(error)}`, { cause: error });
  } finally {
    changed.emit("change");
  }
}

function dial(target, request, url, body, signal) {
  return new Promise((resolve, reject) => {
    // what Node's own fetch adds where the caller set nothing (Fedify sets no User-Agent on deliveries)
    const headers = { accept: "*/*", "accept-language": "*", "sec-fetch-mode": "cors", "user-agent": "node", ...Object.fromEntries(request.headers) };
    headers.host = url.host;
    if (body != null) headers["content-length"] = String(body.length);
    const outgoing = http.request({ ...target, method: request.method, path: url.pathname + url.search, headers, agent: false, signal: signal ?? undefined, timeout: 20_000 }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () => {
        const received = new Headers();
        for (let i = 0; i < answer.rawHeaders.length; i += 2) received.append(answer.rawHeaders[i], answer.rawHeaders[i + 1]);
        const empty = [204, 205, 304].includes(answer.statusCode) || request.method === "HEAD";
        const response = new Response(empty ? null : Buffer.concat(parts), { status: answer.statusCode, statusText: answer.statusMessage, headers: received });
        Object.defineProperty(response, "url", { value: url.href });
        resolve(response);
      });
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer within 20 s")));
    outgoing.on("error", reject);
    outgoing.end(body ?? undefined);
  });
}

function parse(bytes) {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}
const idOf = (value) => (typeof value === "string" ? value : value?.id ?? null);
const summary = (json) => (json == null ? null : { type: json.type ?? null, id: json.id ?? null });

// ---------------------------------------------------------------------------------------------- the server on Fedify
// (imported only now: nothing may have taken the original fetch)

const { MemoryKvStore, createFederation, generateCryptoKeyPair } = await import("@fedify/fedify");
const {
  Accept, Activity, Announce, Application, Create, Delete, Document, Endpoints, Event, Flag, Follow, Hashtag,
  LanguageString, Like, Mention, Note, Object: AnyObject, PUBLIC_COLLECTION, Person, Question, Reject, Tombstone, Undo,
  Update, isActor,
} = await import("@fedify/fedify/vocab");
const { classOf, special, told } = await import("./vocabulary.mjs");
const instant = () => Temporal.Now.instant();

const INSTANCE = NAME; // the instance's own actor: signs fetches that belong to nobody, and is always served unsigned
const newKeys = () => Promise.all([generateCryptoKeyPair("RSASSA-PKCS1-v1_5"), generateCryptoKeyPair("Ed25519")]);
/** Signs requests, and stands in the actor's document as `publicKey`. */
const rsaOf = (pairs) => pairs.find((pair) => pair.privateKey.algorithm.name === "RSASSA-PKCS1-v1_5");
const people = new Map(); // name → {name, keys, followers, following, activities, timeline}
const notes = new Map(); // id → {id, note (of whatever class), create, owner, open, recipients, announcers, deleted, edits}
const sent = new Map(); // id → {activity, author, followers}, for Follow, Like and Announce
const media = []; // {type, bytes}
const received = []; // what /inbox tells
let authorize = false;
let software = { name: "likejewijk-test-peer", version: "1.0.0" }; // what NodeInfo says
let serial = 0;

people.set(INSTANCE, { name: INSTANCE, keys: newKeys(), followers: new Map(), following: new Map(), activities: [], timeline: [] });
const isOpen = (name) => people.has(name) && name !== INSTANCE;

const federation = createFederation({
  kv: new MemoryKvStore(),
  origin: ORIGIN,
  allowPrivateAddress: true,
  userAgent: { software: "LikeJeWijkTestPeer/1.0", url: new URL(ORIGIN) },
});
const context = () => federation.createContext(new URL(ORIGIN), {});

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
    const person = people.get(identifier);
    return person == null ? null : await actorOf(ctx, person);
  })
  .setKeyPairsDispatcher(async (_ctx, identifier) => (await people.get(identifier)?.keys) ?? [])
  .authorize(async (ctx, identifier) => identifier === INSTANCE || (await mayRead(ctx)));

async function actorOf(ctx, person) {
  const keys = await ctx.getActorKeyPairs(person.name);
  const common = {
    id: ctx.getActorUri(person.name),
    preferredUsername: person.name,
    inbox: ctx.getInboxUri(person.name),
    outbox: ctx.getOutboxUri(person.name),
    endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
    publicKey: rsaOf(keys).cryptographicKey,
    assertionMethods: keys.map((key) => key.multikey),
    url: new URL(`/users/${person.name}`, ORIGIN),
  };
  if (person.name === INSTANCE) return new Application({ ...common, name: NAME });
  return new Person({
    ...common,
    name: person.name,
    summary: `<p>${escape(person.name)} op ${NAME}</p>`,
    followers: ctx.getFollowersUri(person.name),
    following: ctx.getFollowingUri(person.name),
    manuallyApprovesFollowers: false,
    discoverable: true,
    published: person.since,
  });
}

/** With the switch on, a reader must have signed, whoever it is. */
async function mayRead(ctx) {
  if (!authorize) return true;
  return (await signer(ctx)) != null;
}

/** The actor that signed this GET, fetched with the instance's signature so that two strict servers do not deadlock. */
async function signer(ctx) {
  try {
    return await ctx.getSignedKeyOwner({ documentLoader: await ctx.getDocumentLoader({ identifier: INSTANCE }) });
  } catch (error) {
    problem("signed GET", ctx.url.href, error);
    return null;
  }
}

/** Notes, polls and events live at paths of their own, each with its Create behind it. */
const KINDS = [[Note, "notes"], [Question, "polls"], [Event, "events"]];
const keptAt = ({ identifier, id }, path) => notes.get(`${ORIGIN}/users/${identifier}/${path}/${id}`);

async function mayReadNote(ctx, kept) {
  if (kept == null || kept.open) return await mayRead(ctx);
  const reader = await signer(ctx);
  return reader != null && [...kept.recipients.values()].some((r) => r.id.host === reader.id.host);
}

for (const [cls, path] of KINDS) {
  federation
    .setObjectDispatcher(cls, `/users/{identifier}/${path}/{id}`, (_ctx, values) => keptAt(values, path)?.note ?? null)
    .authorize((ctx, values) => mayReadNote(ctx, keptAt(values, path)));
}
federation
  .setObjectDispatcher(Create, "/users/{identifier}/{path}/{id}/activity", (_ctx, values) => keptAt(values, values.path)?.create ?? null)
  .authorize((ctx, values) => mayReadNote(ctx, keptAt(values, values.path)));
for (const [cls, path] of [[Follow, "follows"], [Like, "likes"], [Announce, "announces"]]) {
  federation.setObjectDispatcher(cls, `/users/{identifier}/${path}/{id}`, (ctx, values) => sent.get(ctx.getObjectUri(cls, values).href)?.activity ?? null);
}

const all = (list) => ({ items: list });
federation
  .setOutboxDispatcher("/users/{identifier}/outbox", (_ctx, identifier) => (isOpen(identifier) ? all(people.get(identifier).activities.toReversed()) : null))
  .setCounter((_ctx, identifier) => people.get(identifier)?.activities.length ?? null)
  .setFirstCursor(() => "0")
  .authorize(mayRead);
federation
  .setFollowersDispatcher("/users/{identifier}/followers", (_ctx, identifier) => (isOpen(identifier) ? all([...people.get(identifier).followers.values()]) : null))
  .setCounter((_ctx, identifier) => people.get(identifier)?.followers.size ?? null)
  .authorize(mayRead);
federation
  .setFollowingDispatcher("/users/{identifier}/following", (_ctx, identifier) =>
    isOpen(identifier) ? all([...people.get(identifier).following.values()].filter((f) => f.state === "accepted").map((f) => new URL(f.target))) : null)
  .setCounter((_ctx, identifier) => [...(people.get(identifier)?.following.values() ?? [])].filter((f) => f.state === "accepted").length)
  .authorize(mayRead);
federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
  software,
  protocols: ["activitypub"],
  openRegistrations: false,
  usage: { users: { total: people.size - 1, activeMonth: people.size - 1, activeHalfyear: people.size - 1 }, localPosts: notes.size, localComments: 0 },
}));

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .setSharedKeyDispatcher(() => ({ identifier: INSTANCE }))
  .on(Activity, arrived)
  .onUnverifiedActivity((ctx, _activity, reason) => {
    ctx.data.reason = reason.type === "keyFetchError" ? `keyFetchError: ${reason.keyId?.href}: ${reason.result.status ?? oneLine(reason.result.error)}` : reason.type;
  })
  .onError((ctx, error) => {
    if (ctx.data.said) ctx.data.reason ??= oneLine(error);
    problem("inbox", ctx.data.raw?.id, error);
  });

// ---------------------------------------------------------------------------------------------- what arrives

async function arrived(ctx, activity) {
  const { raw } = ctx.data;
  const actor = activity.actorId?.href ?? null;
  const object = activity.objectId?.href ?? idOf(raw.object);
  const concerns = new Set([ctx.recipient].filter(Boolean));
  if (ctx.recipient == null) for (const person of people.values()) if (isOpen(person.name) && isFor(ctx, person, raw, actor)) concerns.add(person.name);
  received.push({ type: raw.type, id: activity.id?.href ?? null, actor, object, inbox: ctx.recipient ?? "shared", signature: ctx.data.signature, raw, at: now(), concerns });

  if (activity instanceof Follow) {
    const person = people.get(localName(ctx, activity.objectId));
    if (person == null || person.name === INSTANCE) return;
    // answered after the 202, as a server with a queue does
    ctx.data.later.push(async () => {
      const follower = await activity.getActor(await signedAs(context(), person.name));
      if (!isActor(follower)) throw new Error(`the follower ${actor} cannot be fetched`);
      person.followers.set(follower.id.href, recipientOf(follower));
      const accept = new Accept({ id: new URL(`#accepts/${++serial}`, ctx.getActorUri(person.name)), actor: ctx.getActorUri(person.name), to: follower.id, object: activity });
      await deliver(person.name, [recipientOf(follower)], accept);
    });
  } else if (activity instanceof Accept || activity instanceof Reject) {
    for (const person of people.values()) {
      const follow = person.following.get(actor);
      const same = follow && (follow.id === object || (idOf(raw.object?.object) === actor && idOf(raw.object?.actor) === ctx.getActorUri(person.name).href));
      if (same) follow.state = activity instanceof Accept ? "accepted" : "rejected";
    }
  } else if (activity instanceof Undo) {
    const undone = object;
    for (const person of people.values()) {
      person.timeline = person.timeline.filter((entry) => !(entry.announce === undone && entry.by === actor));
      const isFollow = raw.object?.type === "Follow" && idOf(raw.object.object) === ctx.getActorUri(person.name).href;
      if (isFollow) person.followers.delete(actor);
    }
    for (const kept of notes.values()) if (kept.announcers.get(actor)?.announce === undone) kept.announcers.delete(actor);
  } else if (activity instanceof Announce && typeof raw.object === "object") {
    ctx.data.later.push(() => passedOn(activity));
  } else if (activity instanceof Announce) {
    const kept = notes.get(object);
    if (kept != null) {
      ctx.data.later.push(async () => {
        const announcer = await activity.getActor(await signedAs(context(), kept.owner));
        if (isActor(announcer)) kept.announcers.set(actor, { announce: activity.id.href, recipient: recipientOf(announcer) });
      });
    }
    ctx.data.later.push(() => show(ctx, actor, object, activity.id?.href));
  } else if (activity instanceof Create) {
    const [first] = [raw.object].flat();
    const isVote = first?.name != null && first.content == null && first.inReplyTo != null; // not counted here
    if (!isVote) ctx.data.later.push(() => show(ctx, actor, object, null));
  } else if (activity instanceof Update) {
    const shown = [...people.values()].flatMap((p) => p.timeline).filter((e) => e.id === object && sameHost(object, actor));
    if (shown.length > 0) {
      ctx.data.later.push(async () => {
        const fresh = await fetchNote(people.keys().find(isOpen), object);
        for (const entry of shown) Object.assign(entry, fresh);
      });
    }
  } else if (activity instanceof Delete) {
    if (!sameHost(object, actor)) return;
    for (const person of people.values()) {
      person.timeline = person.timeline.filter((entry) => entry.id !== object);
      if (object === actor) for (const list of [person.followers, person.following]) list.delete(actor);
    }
  }
}

/**
 * FEP-1b12: a community passes on what an author sent, whole, and is taken at its word, as Lemmy does: nothing is
 * fetched, so what the author's server says by now is not looked at.
 */
async function passedOn(activity) {
  const [community, announce] = [activity.actorId.href, activity.id.href];
  const readers = [...people.values()].filter((p) => p.following.get(community)?.state === "accepted");
  if (readers.length === 0) return;
  const loaders = { ...(await signedAs(context(), readers[0].name)), crossOrigin: "trust" };
  const passed = await activity.getObject(loaders);
  const [id, by] = [passed.objectId?.href, passed.actorId?.href];
  if (passed instanceof Delete && (sameHost(id, by) || sameHost(community, by))) {
    for (const person of readers) person.timeline = person.timeline.filter((entry) => entry.id !== id);
  } else if ((passed instanceof Create || passed instanceof Update) && sameHost(id, by)) {
    const post = await told(await passed.getObject(loaders), loaders);
    for (const person of readers) {
      const shown = person.timeline.find((entry) => entry.id === id);
      if (shown != null) Object.assign(shown, post);
      else if (passed instanceof Create) person.timeline.push({ announce, by: community, ...post });
    }
  } else {
    throw new Error(`${announce} passes on a ${passed.constructor.name} of ${by} about ${id}`);
  }
}

const sameHost = (a, b) => URL.canParse(a ?? "") && URL.canParse(b ?? "") && new URL(a).host === new URL(b).host;
function localName(ctx, url) {
  const uri = url == null ? null : ctx.parseUri(url);
  return uri?.type === "actor" ? uri.identifier : null;
}

/** Whether something at the shared inbox is for this person: addressed, about them, or from somebody they follow. */
function isFor(ctx, person, raw, actor) {
  const me = ctx.getActorUri(person.name).href;
  const named = [raw.to, raw.cc, raw.audience, raw.object, raw.object?.to, raw.object?.cc, raw.object?.actor, raw.object?.object].flat().map(idOf);
  return named.includes(me) || named.some((id) => notes.get(id)?.owner === person.name) || person.following.has(actor);
}

/** Into the home feed of everybody here who follows `by`; the post is fetched once, by its id, signed. */
async function show(ctx, by, object, announce) {
  const followers = () => [...people.values()].filter((p) => p.following.get(by)?.state === "accepted");
  if (followers().length === 0) return;
  const post = await fetchNote(followers()[0].name, object);
  if (announce == null && post.author !== by) throw new Error(`${object} is by ${post.author}, not by ${by}`);
  for (const person of followers()) {
    if (person.timeline.some((entry) => entry.announce === announce && entry.id === post.id)) continue;
    const undone = received.some((r) => r.type === "Undo" && r.object === announce && r.actor === by && announce != null);
    if (!undone) person.timeline.push({ announce, by, ...post });
  }
}

async function fetchNote(as, id) {
  if (id == null) throw new Error("the activity names no object");
  const found = notes.get(id)?.note ?? (await context().lookupObject(id, await signedAs(context(), as)));
  if (found == null) throw new Error(`${id} cannot be fetched (see /outgoing)`);
  // the vocabulary counts a Question among the activities
  if (found instanceof Activity && !(found instanceof Question)) throw new Error(`${id} is an activity (${found.constructor.name}), not a post`);
  return await told(found, await signedAs(context(), as));
}

async function signedAs(ctx, name) {
  return { documentLoader: await ctx.getDocumentLoader({ identifier: name }), contextLoader: ctx.contextLoader };
}

// ---------------------------------------------------------------------------------------------- what is sent

const recipientOf = (actor) => ({ id: actor.id, inboxId: actor.inboxId, endpoints: actor.endpoints?.sharedInbox == null ? null : { sharedInbox: actor.endpoints.sharedInbox } });

/** Sends at once, to each inbox by itself; says which failed, one line each. */
async function deliver(name, recipients, activity, { shared = false } = {}) {
  const inboxes = new Map();
  for (const recipient of recipients) {
    const inbox = (shared && recipient.endpoints?.sharedInbox) || recipient.inboxId;
    if (inbox != null && !inboxes.has(inbox.href)) inboxes.set(inbox.href, recipient);
  }
  const failed = [];
  const { former, useFormer } = people.get(name);
  const sender = useFormer ? former : { identifier: name };
  await Promise.all([...inboxes].map(async ([inbox, recipient]) => {
    try {
      await context().sendActivity(sender, recipient, activity, { preferSharedInbox: shared });
    } catch (error) {
      failed.push(`${inbox}: ${oneLine(error)}`);
      problem("delivery", activity.id?.href, `${inbox}: ${oneLine(error)}`);
    }
  }));
  return failed;
}

/** To people by their own inbox, to followers by the shared inbox of their server, nobody twice. */
async function deliverBoth(name, direct, followers, activity) {
  const served = new Set(direct.map((r) => r.id.href));
  const [a, b] = await Promise.all([
    deliver(name, direct, activity),
    deliver(name, followers.filter((r) => !served.has(r.id.href)), activity, { shared: true }),
  ]);
  return [...a, ...b];
}

async function findActor(as, handleOrId) {
  if (typeof handleOrId !== "string" || !/^@?[^@\s/]+@[^@\s/]+$|^https?:\/\/\S+$/.test(handleOrId)) throw new Problem(400, `${handleOrId} is neither a handle (@name@host) nor an actor's id`);
  const found = await context().lookupObject(handleOrId, await signedAs(context(), as));
  if (found == null) throw new Problem(404, `${handleOrId} was not found: its WebFinger or its actor did not answer as expected (see /outgoing)`);
  if (!isActor(found)) throw new Problem(422, `${handleOrId} is a ${found.constructor.name}, not an actor`);
  if (found.inboxId == null) throw new Problem(422, `${handleOrId} has no inbox`);
  return found;
}

const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const personNamed = (name) => {
  if (!isOpen(name)) throw new Problem(404, `nobody here is called ${name}: make them with POST /person`);
  return people.get(name);
};
const ownNote = (id) => {
  const kept = notes.get(id);
  if (kept == null) throw new Problem(404, `${id} is not a note of this server`);
  if (kept.deleted) throw new Problem(410, `${id} is deleted`);
  return kept;
};

const control = {
  async "POST /person"({ name }) {
    if (typeof name !== "string" || !/^[a-z0-9_]{1,30}$/.test(name)) throw new Problem(400, "name: expected [a-z0-9_]{1,30}");
    if (people.has(name)) throw new Problem(409, `${name} exists`);
    people.set(name, { name, keys: newKeys(), since: instant(), followers: new Map(), following: new Map(), activities: [], timeline: [] });
    await people.get(name).keys;
    const ctx = context();
    return { id: ctx.getActorUri(name).href, handle: `@${name}@${NAME}`, inbox: ctx.getInboxUri(name).href, sharedInbox: ctx.getInboxUri().href };
  },

  async "POST /follow"({ as, handle }) {
    const person = personNamed(as);
    const target = await findActor(as, handle);
    const ctx = context();
    const id = ctx.getObjectUri(Follow, { identifier: as, id: String(++serial) });
    const follow = new Follow({ id, actor: ctx.getActorUri(as), object: target.id, to: target.id });
    sent.set(id.href, { activity: follow });
    person.following.set(target.id.href, { target: target.id.href, id: id.href, state: "pending", recipient: recipientOf(target) });
    return { id: id.href, target: target.id.href, failed: await deliver(as, [recipientOf(target)], follow) };
  },

  async "POST /unfollow"({ as, target }) {
    const person = personNamed(as);
    const followed = person.following.get(target) ?? person.following.get(target?.startsWith?.("@") ? (await findActor(as, target)).id.href : "");
    if (followed == null) throw new Problem(404, `${as} does not follow ${target}`);
    person.following.delete(followed.target);
    const ctx = context();
    const undo = new Undo({ id: new URL(`${followed.id}#undo`), actor: ctx.getActorUri(as), object: sent.get(followed.id).activity, to: followed.recipient.id });
    return { id: undo.id.href, failed: await deliver(as, [followed.recipient], undo) };
  },

  async "POST /post"(order) {
    const { as, mention = [], to = "public", images = [], tags = [], summary: warning, inReplyTo, language } = order;
    const person = personNamed(as);
    const ctx = context();
    const mentioned = await Promise.all(mention.map(async (handle) => ({ handle, actor: await findActor(as, handle) })));
    const direct = new Map(mentioned.map(({ actor }) => [actor.id.href, recipientOf(actor)]));
    if (inReplyTo != null) {
      if (!URL.canParse(inReplyTo)) throw new Problem(400, `inReplyTo: ${inReplyTo} is not a URL`);
      const parent = notes.get(inReplyTo)?.note ?? (await ctx.lookupObject(inReplyTo, await signedAs(ctx, as)));
      if (parent == null) throw new Problem(404, `inReplyTo ${inReplyTo} cannot be fetched (see /outgoing)`);
      if (parent.attributionId != null && localName(ctx, parent.attributionId) == null) {
        direct.set(parent.attributionId.href, recipientOf(await findActor(as, parent.attributionId.href)));
      }
    }
    const followersUri = ctx.getFollowersUri(as);
    const named = [...direct.values()].map((r) => r.id);
    const addressing = {
      public: { tos: [PUBLIC_COLLECTION], ccs: [followersUri, ...named] },
      unlisted: { tos: [followersUri], ccs: [PUBLIC_COLLECTION, ...named] },
      followers: { tos: [followersUri], ccs: named },
      direct: { tos: named, ccs: [] },
    }[to];
    if (addressing == null) throw new Problem(400, `to: ${to} is none of public, unlisted, followers, direct`);
    if (to === "direct" && named.length === 0) throw new Problem(400, "a direct post needs a mention");

    const links = mentioned.map(({ handle, actor }) => `<span class="h-card"><a href="${escape((actor.url?.href ?? actor.url ?? actor.id).toString())}" class="u-url mention">@<span>${escape(handle.replace(/^@/, "").split("@")[0])}</span></a></span>`);
    const hashtags = tags.map((tag) => `<a href="${ORIGIN}/tags/${encodeURIComponent(tag)}" class="mention hashtag" rel="tag">#<span>${escape(tag)}</span></a>`);
    const write = ({ html, text }) => html ?? `<p>${[...links, escape(text ?? ""), ...hashtags].filter(Boolean).join(" ")}</p>`;
    const kind = classOf(order);
    const id = ctx.getObjectUri(kind, { identifier: as, id: String(++serial) });
    const published = instant();
    const content = write(order);
    const fields = {
      id,
      attribution: ctx.getActorUri(as),
      ...addressing,
      ...(language ? { contents: [content, new LanguageString(content, language)] } : { content }),
      summary: warning ?? null,
      sensitive: warning != null,
      replyTarget: inReplyTo == null ? null : new URL(inReplyTo),
      published,
      url: id,
      tags: [
        ...mentioned.map(({ handle, actor }) => new Mention({ href: actor.id, name: `@${handle.replace(/^@/, "")}` })),
        ...tags.map((tag) => new Hashtag({ href: new URL(`/tags/${encodeURIComponent(tag)}`, ORIGIN), name: `#${tag}` })),
      ],
      attachments: images.map(picture),
    };
    const created = new kind({ ...fields, ...special(order) });
    const create = new Create({ id: new URL(`${id.href}/activity`), actor: ctx.getActorUri(as), ...addressing, published, object: created });
    const kept = { id: id.href, note: created, create, owner: as, open: to === "public" || to === "unlisted", follow: to !== "direct", recipients: direct, announcers: new Map(), edits: 0, write };
    notes.set(id.href, kept);
    if (kept.open) person.activities.push(create);
    return { id: id.href, activity: create.id.href, failed: await deliverBoth(as, [...direct.values()], followersFor(kept), create) };
  },

  async "POST /edit"(order) {
    const kept = ownNote(order.id);
    // only words that change make an edit; the counts of a poll do not
    const words = order.text != null || order.html != null ? { content: kept.write(order), updated: instant() } : {};
    kept.note = kept.note.clone({ ...words, ...special(order) });
    const { note: edited } = kept;
    const ctx = context();
    const update = new Update({ id: new URL(`${kept.id}#updates/${++kept.edits}`), actor: ctx.getActorUri(kept.owner), tos: edited.toIds, ccs: edited.ccIds, updated: instant(), object: edited });
    return { id: kept.id, activity: update.id.href, failed: await deliverBoth(kept.owner, reached(kept), followersFor(kept), update) };
  },

  async "POST /delete"({ id }) {
    const kept = ownNote(id);
    kept.deleted = new Tombstone({ id: new URL(id), formerType: kept.note.constructor, deleted: instant() });
    const person = people.get(kept.owner);
    person.activities = person.activities.filter((activity) => activity !== kept.create);
    const remove = new Delete({ id: new URL(`${id}#delete`), actor: context().getActorUri(kept.owner), tos: kept.note.toIds, ccs: kept.note.ccIds, object: kept.deleted });
    return { id, activity: remove.id.href, failed: await deliverBoth(kept.owner, reached(kept), followersFor(kept), remove) };
  },

  async "POST /look"({ id }) {
    if (!URL.canParse(id ?? "")) throw new Problem(400, `id: ${id} is not a URL`);
    const response = await fetch(id, { headers: { accept: "application/activity+json" } });
    const object = await AnyObject.fromJsonLd(await response.json(), context());
    return { status: response.status, ...(await told(object, context())) };
  },

  async "POST /vote"({ as, id, option }) {
    personNamed(as);
    const ctx = context();
    const poll = await ctx.lookupObject(id, await signedAs(ctx, as));
    if (!(poll instanceof Question)) throw new Problem(422, `${id} is no poll: ${poll?.constructor.name}`);
    const author = recipientOf(await findActor(as, poll.attributionId.href));
    const me = ctx.getActorUri(as);
    // for several at once one Create, as GoToSocial sends them
    const votes = [option].flat().map((name) => new Note({ id: new URL(`#votes/${++serial}`, me), attribution: me, to: author.id, name, replyTarget: poll.id }));
    const create = new Create({ id: new URL(`${votes[0].id.href}/activity`), actor: me, to: author.id, objects: votes });
    return { id: votes[0].id.href, failed: await deliver(as, [author], create) };
  },

  async "POST /flag"({ as, about, text, to }) {
    personNamed(as);
    const told = recipientOf(await findActor(as, to));
    const me = context().getActorUri(as);
    const flag = new Flag({ id: new URL(`#flags/${++serial}`, me), actor: me, to: told.id, content: text, objects: about.map((id) => new URL(id)) });
    return { id: flag.id.href, failed: await deliver(as, [told], flag) };
  },

  "POST /like": (order) => react(Like, order),
  "POST /announce": (order) => react(Announce, order),

  async "POST /undo"({ as, id }) {
    personNamed(as);
    const { activity, author, followers } = sent.get(id) ?? {};
    if (author == null) throw new Problem(404, `${id} is no like or announce of this server`);
    const undo = new Undo({ id: new URL(`${id}#undo`), actor: context().getActorUri(as), object: activity, tos: activity.toIds, ccs: activity.ccIds });
    sent.delete(id);
    return { id: undo.id.href, failed: await deliverBoth(as, [author], followers, undo) };
  },

  /** Fedify numbers keys by their place: what stands second has another id. */
  async "POST /rotate"({ as, elsewhere = false }) {
    const person = personNamed(as);
    const { keyId, privateKey } = rsaOf(await context().getActorKeyPairs(as));
    person.former = { keyId, privateKey };
    const pairs = await newKeys();
    person.keys = Promise.resolve(elsewhere ? pairs.reverse() : pairs);
    return { former: keyId.href, key: rsaOf(await context().getActorKeyPairs(as)).keyId.href };
  },

  async "POST /former"({ as, on }) {
    const person = personNamed(as);
    if (typeof on !== "boolean") throw new Problem(400, "on: expected true or false");
    if (person.former == null) throw new Problem(409, `${as} never rotated`);
    person.useFormer = on;
    return { on };
  },

  async "POST /authorize"({ on }) {
    if (typeof on !== "boolean") throw new Problem(400, "on: expected true or false");
    authorize = on;
    return { on };
  },

  async "POST /software"({ name, version }) {
    if (typeof name !== "string" || !/^[a-z0-9-]+$/.test(name) || !/^\d+\.\d+\.\d+/.test(version ?? "")) throw new Problem(400, "name: expected [a-z0-9-]+, version: 1.2.3");
    software = { name, version };
    return software;
  },

  async "POST /resolve"(names) {
    for (const [name, address] of Object.entries(names)) addName(name, address);
    return Object.fromEntries([...lab].map(([name, { host, port }]) => [name, `${host}:${port}`]));
  },

  async "POST /forget"() {
    for (const list of Object.values(log)) list.length = 0;
    return {};
  },

  async "POST /quit"() {
    setImmediate(quit);
    return {};
  },
};

const followersFor = (kept) => (kept.follow ? [...people.get(kept.owner).followers.values()] : []);
const reached = (kept) => [...new Map([...kept.recipients, ...[...kept.announcers].map(([id, a]) => [id, a.recipient])]).values()];

function picture(image) {
  let { url, mediaType } = image;
  if (image.data != null) {
    media.push({ type: mediaType ?? "image/png", bytes: Buffer.from(image.data, "base64") });
    url = `${ORIGIN}/media/${media.length}`;
  }
  if (!URL.canParse(url ?? "")) throw new Problem(400, `images: ${url} is not a URL`);
  const kinds = { jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", gif: "image/gif", webp: "image/webp" };
  mediaType ??= kinds[new URL(url).pathname.split(".").pop().toLowerCase()] ?? (image.data != null ? "image/png" : "image/jpeg");
  return new Document({ url: new URL(url), mediaType, name: image.alt ?? null });
}

async function react(cls, { as, id }) {
  personNamed(as);
  if (!URL.canParse(id ?? "")) throw new Problem(400, `id: ${id} is not a URL`);
  const ctx = context();
  const post = notes.get(id)?.note ?? (await ctx.lookupObject(id, await signedAs(ctx, as)));
  if (post == null) throw new Problem(404, `${id} cannot be fetched (see /outgoing)`);
  if (post.attributionId == null) throw new Problem(422, `${id} has no author`);
  const author = recipientOf(await findActor(as, post.attributionId.href));
  const own = ctx.getObjectUri(cls, { identifier: as, id: String(++serial) });
  const addressing = cls === Like ? { tos: [author.id] } : { tos: [PUBLIC_COLLECTION], ccs: [ctx.getFollowersUri(as), author.id] };
  const activity = new cls({ id: own, actor: ctx.getActorUri(as), object: post.id, published: instant(), ...addressing });
  const followers = cls === Announce ? [...people.get(as).followers.values()] : [];
  sent.set(own.href, { activity, author, followers });
  if (cls === Announce) people.get(as).activities.push(activity);
  return { id: own.href, failed: await deliverBoth(as, [author], followers, activity) };
}

const listings = {
  following: (query) => [...personNamed(query.get("as")).following.values()].map(({ target, state, id }) => ({ target, state, follow: id })).filter((f) => !query.has("state") || f.state === query.get("state")),
  followers: (query) => [...personNamed(query.get("as")).followers.keys()],
  timeline: (query) => personNamed(query.get("as")).timeline,
  inbox(query) {
    const as = query.get("as");
    if (as != null) personNamed(as);
    return received
      .filter((r) => (as == null ? r.inbox === "shared" : r.concerns.has(as)))
      .filter((r) => !query.has("type") || r.type === query.get("type"))
      .map(({ concerns, ...entry }) => entry);
  },
  incoming: () => log.incoming,
  outgoing: () => log.outgoing,
  refused: () => log.refused,
  problems: () => log.problems,
};

/** Answers as soon as the listing has at least `min` and at most `max` entries, or as it is after `within` ms. */
async function listing(name, query) {
  const min = Number(query.get("min") ?? 0);
  const max = Number(query.get("max") ?? Infinity);
  const until = AbortSignal.timeout(Math.min(Number(query.get("within") ?? 0) || 0, 120_000));
  for (;;) {
    const list = listings[name](query);
    if (!query.has("within") || until.aborted || (list.length >= min && list.length <= max)) return list;
    await new Promise((resolve) => {
      const wake = () => {
        changed.off("change", wake);
        until.removeEventListener("abort", wake);
        resolve();
      };
      changed.once("change", wake);
      until.addEventListener("abort", wake);
    });
  }
}

// ---------------------------------------------------------------------------------------------- the two ports

async function readBody(request, limit = 1024 * 1024) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size <= limit) parts.push(part);
  }
  if (size > limit) throw new Problem(413, "the body is larger than 1 MiB");
  return Buffer.concat(parts);
}

const page = (title, body, alternate) =>
  `<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>${escape(title)}</title>${alternate ? `<link rel="alternate" type="application/activity+json" href="${escape(alternate)}">` : ""}</head><body>${body}</body></html>`;
const asHtml = (status, text) => new Response(text, { status, headers: { "Content-Type": "text/html; charset=utf-8", Vary: "Accept" } });

async function answer(request, url, data) {
  const kept = notes.get(url.href.replace(/\/activity$/, ""));
  if (kept?.deleted) {
    const json = await kept.deleted.toJsonLd({ contextLoader: context().contextLoader });
    return new Response(JSON.stringify(json), { status: 410, headers: { "Content-Type": "application/activity+json", Vary: "Accept" } });
  }
  const file = /^\/media\/(\d+)$/.exec(url.pathname);
  if (file && media[file[1] - 1]) return new Response(media[file[1] - 1].bytes, { headers: { "Content-Type": media[file[1] - 1].type } });
  return await federation.fetch(request, {
    contextData: data,
    onNotFound: () => asHtml(404, page("404", "<p>Niet gevonden.</p>")),
    onNotAcceptable: () => {
      if (kept?.open && !authorize) return asHtml(200, page(kept.id, kept.note.content.toString(), kept.id));
      const name = /^\/users\/([a-z0-9_]+)$/.exec(url.pathname)?.[1];
      return isOpen(name) ? asHtml(200, page(name, `<h1>${escape(name)}</h1>`, url.href)) : asHtml(404, page("404", "<p>Niet gevonden.</p>"));
    },
  });
}

const server = http.createServer(async (incoming, outgoing) => {
  const entry = {
    method: incoming.method, path: incoming.url, status: null, signature: signatureOf(incoming.headers), host: incoming.headers.host ?? null,
    accept: incoming.headers.accept ?? null, contentType: incoming.headers["content-type"] ?? null, userAgent: incoming.headers["user-agent"] ?? null, at: now(),
  };
  const data = { raw: null, later: [], said: [], signature: entry.signature, reason: null };
  let response;
  let bytes = null;
  try {
    bytes = incoming.method === "GET" || incoming.method === "HEAD" ? null : await readBody(incoming);
    if (bytes != null) entry.activity = summary((data.raw = parse(bytes)));
    const url = new URL(incoming.url, ORIGIN); // the public name, whatever address and port carried it
    if (url.origin !== ORIGIN) throw new Problem(400, "expected a path as the request target");
    const headers = new Headers();
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
    const request = new Request(url, { method: incoming.method, headers, body: bytes });
    response = await during.run(data, () => answer(request, url, data));
  } catch (error) {
    data.reason ??= oneLine(error);
    if (!(error instanceof Problem)) problem("request", `${incoming.method} ${incoming.url}`, error);
    response = new Response(`${oneLine(error)}\n`, { status: error.status ?? 500, headers: { "Content-Type": "text/plain; charset=utf-8" } });
  }
  const body = Buffer.from(await response.arrayBuffer());
  entry.status = response.status;
  note("incoming", entry);
  if (incoming.method === "POST" && response.status >= 300) {
    const text = body.toString().trim();
    note("refused", {
      status: response.status, path: incoming.url, reason: data.reason ?? text, said: data.said, signature: entry.signature,
      type: data.raw?.type ?? null, id: data.raw?.id ?? null, actor: idOf(data.raw?.actor), raw: data.raw ?? bytes?.toString() ?? null, at: now(),
    });
  }
  outgoing.on("close", async () => {
    for (const job of data.later) await job().catch((error) => problem("after", data.raw?.id, error));
    changed.emit("change");
  });
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), "content-length": body.length }).end(incoming.method === "HEAD" ? undefined : body);
});

const desk = http.createServer(async (incoming, outgoing) => {
  const reply = (status, json) => outgoing.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(json)}\n`);
  try {
    const url = new URL(incoming.url, "http://control");
    if (incoming.method === "GET") {
      const name = url.pathname.slice(1);
      if (!Object.hasOwn(listings, name)) throw new Problem(404, `no listing ${url.pathname}; there are ${Object.keys(listings).join(", ")}`);
      return reply(200, await listing(name, url.searchParams));
    }
    const action = control[`${incoming.method} ${url.pathname}`];
    if (action == null) throw new Problem(404, `no ${incoming.method} ${url.pathname}; there are ${Object.keys(control).join(", ")}`);
    const bytes = await readBody(incoming, 16 * 1024 * 1024);
    const order = bytes.length === 0 ? {} : parse(bytes);
    if (order == null || typeof order !== "object") throw new Problem(400, "the body is not a JSON object");
    const result = await action(order);
    changed.emit("change");
    reply(200, result);
  } catch (error) {
    reply(error.status ?? 500, { error: oneLine(error) });
    if (!(error instanceof Problem)) process.stderr.write(`fedify peer ${NAME}: ${error.stack}\n`);
  }
});

function quit() {
  server.close();
  desk.close();
  server.closeAllConnections();
  process.exit(0);
}
process.on("SIGTERM", quit);
process.on("SIGINT", quit);
if (options["until-stdin-closes"]) process.stdin.resume().on("end", quit).on("close", quit);

const listen = (which, { host, port }) =>
  new Promise((resolve, reject) => which.once("error", reject).listen(port, host, () => resolve(`${host.includes(":") ? `[${host}]` : host}:${which.address().port}`)));
try {
  const listening = await listen(server, hostPort(options.listen, "--listen"));
  const controlAt = await listen(desk, hostPort(options.control, "--control"));
  if (!lab.has(NAME)) addName(NAME, listening);
  process.stdout.write(`${JSON.stringify({ listening, control: controlAt })}\n`);
} catch (error) {
  fail(oneLine(error));
}
