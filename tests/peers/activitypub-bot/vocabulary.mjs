// activitypub-bot is written for activitystrea.ms 4, of which the registry has no more than 3.1: this adds what it
// calls of 4. To be imported before activitypub-bot.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const Loader = require("activitystrea.ms/src/contextloader");
const Environment = require("activitystrea.ms/src/environment");
const reasoner = require("activitystrea.ms/src/reasoner");
const vocabulary = require("vocabs-as");

// JSON-LD contexts that are carried along, for reading and for writing.
const carried = new Map();
const { makeDocLoader } = Loader.prototype;
Loader.prototype.makeDocLoader = function () {
  const others = makeDocLoader.call(this);
  return async (url) => (carried.has(url) ? { contextUrl: null, document: carried.get(url), documentUrl: url } : others(url));
};
// 3.1 looks for the context that a document came with under a name that it does not have.
Object.defineProperty(Environment.prototype, "origContext", { get() { return this.originalContext; } });

// (only now: it makes a loader as it loads)
require("activitystrea.ms").registerContext = (url, context) => carried.set(url, context);
require("activitystrea.ms/src/models/_base").prototype.isActivity = function () {
  return [this.type].flat().some((type) => type != null && reasoner.node(type).is(vocabulary.Activity));
};
