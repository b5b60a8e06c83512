/** What a reader does, sent to the public API, which notes the moment. */

import { page } from "./address.js";
import { ApiError, post } from "./api.js";

/** A random id; crypto.randomUUID exists on https and localhost only. */
function eventId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Store one event; a refusal is an error here, for nothing else was in the batch. */
async function store(event, options) {
  const answer = await post("events", { events: [{ event_id: eventId(), reader: page.reader, ...event }] }, options);
  const [outcome] = answer.items;
  if (outcome.status === "refused") throw new ApiError(outcome.reason, { code: "refused" });
}

/** What was done with a book, and the place in a served list where the book stood in one. */
export function send(kind, book, surface, from = null) {
  return store({ kind, book, surface, ...from });
}

const MOST_TYPED = 100; // characters as the API counts them

/** One session of suggestions, which ends when the page is left: what was typed, what was shown, what of it was chosen. */
export function sendSession(typed, shown, chosen) {
  const text = Array.from(typed).slice(0, MOST_TYPED).join("").trim();
  return store({ kind: "typed", surface: "storefront.search", typed: text, shown, chosen }, { keepalive: true });
}
