// Posts in Fedify's vocabulary: what an order asks for is made into one of its classes, and what Fedify reads is told as
// plain JSON.
import { Temporal } from "@js-temporal/polyfill";
import { Collection, Event, Note, Place, Question } from "@fedify/fedify/vocab";

const instant = (text) => (text == null ? null : Temporal.Instant.from(text));

/** Which class a post is of. */
export const classOf = ({ poll, event }) => (poll != null ? Question : event != null ? Event : Note);

/** What it has beside what every post has: poll {options: {name: votes}, multiple?, ends}, event {name, starts, ends?, place?}. */
export function special({ poll, event }) {
  if (poll != null) {
    const options = Object.entries(poll.options).map(([name, votes]) => new Note({ name, replies: new Collection({ totalItems: votes }) }));
    const voters = Object.values(poll.options).reduce((sum, votes) => sum + votes, 0);
    return { [poll.multiple ? "inclusiveOptions" : "exclusiveOptions"]: options, endTime: instant(poll.ends), voters };
  }
  if (event != null) {
    const locations = event.place == null ? [] : [new Place({ name: event.place })];
    return { name: event.name, startTime: instant(event.starts), endTime: instant(event.ends), locations };
  }
  return {};
}

/** What Fedify understands of an object; what it finds nothing of is left out of the JSON. */
export async function told(object, loaders) {
  const text = (value) => value?.toString() ?? undefined;
  return {
    type: object.constructor.name,
    id: object.id?.href ?? null,
    author: object.attributionId?.href ?? null,
    name: text(object.name),
    content: text(object.content) ?? null,
    updated: text(object.updated),
    startTime: text(object.startTime),
    endTime: text(object.endTime),
    place: text((await object.getLocation(loaders))?.name),
    options: object instanceof Question ? await options(object, loaders) : undefined,
    voters: object.voters ?? undefined,
    closed: text(object.closed),
    formerType: object.formerType?.name,
    deleted: text(object.deleted),
  };
}

async function options(question, loaders) {
  const options = {};
  for (const list of [question.getExclusiveOptions(loaders), question.getInclusiveOptions(loaders)]) {
    for await (const option of list) options[option.name.toString()] = (await option.getReplies(loaders))?.totalItems ?? null;
  }
  return options;
}
