/** What a reader does, sent to the public API, which notes the moment. */

import { page } from "./address.js";
import { ApiError, post } from "./api.js";

/** A random id; crypto.randomUUID exists on https and localhost only. */
function eventId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Store one event; a refusal is an error here, for nothing else was in the batch. */
export async function send(kind, book, surface) {
  const event = { event_id: eventId(), reader: page.reader, book, kind, surface };
  const answer = await post("events", { events: [event] });
  const outcome = (answer.items || answer.results || [])[0];
  if (outcome?.status === "refused") throw new ApiError(outcome.reason, { code: "refused" });
}
