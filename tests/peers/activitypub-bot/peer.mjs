// Bots on activitypub-bot, an ActivityPub server that shares no code with the server under test.
// See README.md for how it is started and what its control port understands.
import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { addNames, asked, hostPort, signatureOf } from "./lab.mjs";
import "./vocabulary.mjs";

const { values: options } = parseArgs({
  options: {
    name: { type: "string" },
    listen: { type: "string", default: "127.0.0.1:0" },
    control: { type: "string", default: "127.0.0.1:0" },
    log: { type: "string", default: "warn" }, // debug, info, warn, error, fatal
    "until-stdin-closes": { type: "boolean", default: false },
  },
});
const NAME = options.name;
const ORIGIN = `http://${NAME}`;
const PUBLIC = "https://www.w3.org/ns/activitystreams#Public";
const LOOK_AGAIN = 20; // ms

// Its log goes to standard output, where the first line must say where it listens.
Object.defineProperty(process.stdout, "fd", { value: process.stderr.fd });
const { Bot, BotFactory, makeApp } = await import("@evanp/activitypub-bot");

// ---------------------------------------------------------------------------------------------- the bots

const messages = []; // every request to this server, in order
const typeOf = (thing) => [thing?.type].flat()[0]?.split("#").at(-1) ?? null;

/** Writes down what the server handed it, and reads what was announced to it. */
class Neighbour extends Bot {
  received = [];
  timeline = [];

  get context() {
    return this._context;
  }

  async handleActivity(activity) {
    const [type, actor, object] = [typeOf(activity), activity.actor?.first?.id, activity.object?.first];
    this.received.push({ type, actor, id: activity.id, object: object?.id ?? null });
    if (type === "Announce") await this.#reads(activity.id, actor, object.id);
    if (type === "Undo") this.timeline = this.timeline.filter((entry) => entry.announce !== object?.id || entry.by !== actor);
    return false; // the server does what it does with it
  }

  async #reads(announce, by, id) {
    const post = await this.context.getObject(id);
    const author = post.attributedTo?.first?.id;
    this.timeline.push({ announce, by, id: post.id, type: typeOf(post), author, content: post.content?.get() });
  }
}

/** The server lends a context to factories only. */
class Household extends BotFactory {
  async moves(name) {
    const bot = new Neighbour(name, { fullname: name, description: `${name} op ${NAME}` });
    await bot.initialize(await this._context.duplicate(name));
    return bot;
  }
}

const household = new Household();
const bots = { "*": household };
const app = await makeApp({
  databaseUrl: "sqlite::memory:", origin: ORIGIN, bots, logLevel: options.log, allowPrivateNetworkRequests: true,
});

function named(name) {
  if (!(bots[name] instanceof Neighbour)) throw new Error(`nobody here is called ${name}`);
  return bots[name];
}

/** The owner of something here. */
const ownerOf = (id) => named(new URL(id).pathname.split("/")[2]).context;

// ---------------------------------------------------------------------------------------------- the control port

const actorOf = async (context, handle) => await context.getObject(await context.toActorId(handle.replace(/^@/, "")));

async function react(does, { as, id }) {
  const { context } = named(as);
  return { id: (await context[does](await context.getObject(id))).id };
}

const control = {
  async person({ name }) {
    bots[name] ??= await household.moves(name);
    return { id: bots[name].context.botActorId };
  },
  async follow({ as, handle }) {
    const { context } = named(as);
    const target = await actorOf(context, handle);
    return { id: (await context.followActor(target)).id, target: target.id };
  },
  unfollow: ({ as, target }) => react("unfollowActor", { as, id: target }),
  async post({ as, text, mention = [], to = "public" }) {
    const { context } = named(as);
    const mentioned = await Promise.all(mention.map(async (handle) => (await actorOf(context, handle)).id));
    const followers = context.getFollowersId();
    const addressed = {
      public: { to: PUBLIC, cc: [followers, ...mentioned] },
      followers: { to: followers, cc: mentioned },
      direct: { to: mentioned },
    }[to];
    return { id: (await context.sendNote(text, addressed)).id };
  },
  async edit({ id, text }) {
    const context = ownerOf(id);
    return { id: (await context.updateNote(await context.getObject(id), text)).id };
  },
  async delete({ id }) {
    const context = ownerOf(id);
    return { id: (await context.deleteNote(await context.getObject(id))).id };
  },
  like: (order) => react("likeObject", order),
  unlike: (order) => react("unlikeObject", order),
  announce: (order) => react("announceObject", order),
  unannounce: (order) => react("unannounceObject", order),
  async resolve(names) {
    addNames(names);
    return {};
  },
};

async function ids(collection, state) {
  const found = [];
  for await (const item of collection) found.push({ target: item.id, state });
  return found;
}

const listings = {
  async following(query) {
    const { context } = named(query.get("as"));
    const all = [...(await ids(context.following(), "accepted")), ...(await ids(context.pendingFollowing(), "pending"))];
    return all.filter((row) => !query.has("state") || row.state === query.get("state"));
  },
  timeline: (query) => named(query.get("as")).timeline,
  inbox(query) {
    const rows = named(query.get("as")).received.filter((row) => !query.has("type") || row.type === query.get("type"));
    return rows.map((row) => ({ ...row, ...messages.findLast((message) => message.raw?.id === row.id) }));
  },
  incoming: () => messages,
  outgoing: () => asked,
  refused: () => messages.filter((m) => m.method === "POST" && m.status >= 300),
  problems: () => asked.filter((row) => row.status >= 400),
};

/** Answers as soon as the listing has at least `min` and at most `max` rows, or as it is after `within` ms. */
async function listing(name, query) {
  const [min, max] = [Number(query.get("min") ?? 0), Number(query.get("max") ?? Infinity)];
  const until = Date.now() + Number(query.get("within") ?? 0);
  for (;;) {
    const rows = await listings[name](query);
    if (Date.now() >= until || (rows.length >= min && rows.length <= max)) return rows;
    await pause(LOOK_AGAIN);
  }
}

const desk = http.createServer(async (incoming, outgoing) => {
  const reply = (status, json) => outgoing.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(json)}\n`);
  const url = new URL(incoming.url, "http://control");
  const name = url.pathname.slice(1);
  try {
    if (incoming.method === "GET" && Object.hasOwn(listings, name)) return reply(200, await listing(name, url.searchParams));
    if (incoming.method !== "POST" || !Object.hasOwn(control, name)) return reply(404, { error: `no ${incoming.method} ${name}` });
    const body = Buffer.concat(await incoming.toArray());
    reply(200, await control[name](JSON.parse(body)));
  } catch (error) {
    process.stderr.write(`${error.stack}\n`);
    reply(500, { error: String(error.message).replace(/\s+/g, " ") });
  }
});

// ---------------------------------------------------------------------------------------------- the two ports

const server = http.createServer((incoming, outgoing) => {
  messages.push({
    method: incoming.method, path: incoming.url, signature: signatureOf(incoming.headers),
    get by() { return incoming.auth?.subject ?? null; }, // whose signature the server found it to be
    get raw() { return incoming.rawBodyText ? JSON.parse(incoming.rawBodyText) : null; },
    get status() { return outgoing.headersSent ? outgoing.statusCode : null; },
  });
  app(incoming, outgoing);
});

const listen = (which, { host, port }) =>
  new Promise((resolve, reject) => which.once("error", reject).listen(port, host, () => resolve(`${host}:${which.address().port}`)));
const listening = await listen(server, hostPort(options.listen, "--listen"));
const controlAt = await listen(desk, hostPort(options.control, "--control"));
addNames({ [NAME]: listening });
if (options["until-stdin-closes"]) process.stdin.resume().on("end", () => process.exit()).on("close", () => process.exit());
process.stdout.write(`${JSON.stringify({ listening, control: controlAt })}\n`);
