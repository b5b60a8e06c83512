/** What the page says about itself: fallbacks, errors, empty answers, and what just changed. */

import { page } from "./address.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const notice = document.getElementById("notice");
const toast = document.getElementById("toast");

const FALLBACKS = {
  index_unavailable: ["The search index does not answer.", "Books are found by their words meanwhile, without typing errors forgiven. It mends itself when the index is back."],
  model_unavailable: ["The model for suggestions is not there.", "You see popular books for your age meanwhile. It mends itself when a model is live."],
  book_not_in_model: ["This book is newer than the model.", "Books of the same author, series or genre stand beside it. The next training learns what is read with it."],
};

function banner(kind, sign, [sentence, more], ...rest) {
  return h(
    "div",
    { class: `banner banner-${kind}` },
    icon(sign),
    h("div", {}, h("p", { class: "banner-answer" }, sentence), more ? h("p", {}, more) : null, ...rest),
  );
}

/** Say which way round a failure an answer took; null says that none was needed. */
export function showFallback(code) {
  const unknown = ["Part of the library does not answer.", `What still works is shown (${code}).`];
  fill(notice, code ? banner("watch", "watch", FALLBACKS[code] || unknown) : null);
}

/** Say that the answer is for the youngest; the page itself has said so where it knew when it was made. */
export function showAudience({ reader_known: known }) {
  if (known === true || !page.isKnown) return;
  fill(notice, banner("watch", "watch", ["We do not know who is reading any more.", "So you get books for the youngest children, from 0 to 5 years. Pick your name in the list at the top."]));
}

/** What failed, what still works, and a button to try again. */
export function failure(error, retry) {
  const request = error.request ? `Request ${error.request}.` : "";
  const again = h("button", { type: "button", class: "button", onclick: retry }, "Try again");
  return h("div", { role: "alert" }, banner("worse", "failed", [error.message, request], again));
}

/** Nothing to show, said with what to do about it. */
export function empty(sentence, more, ...links) {
  return h("div", { class: "empty" }, h("p", { class: "empty-answer" }, sentence), h("p", {}, more), ...links);
}

/** What the last act changed; it stays until the next one, or until it is closed. */
export function say(sentence) {
  const close = h("button", { type: "button", class: "toast-close", "aria-label": "Close", onclick: () => fill(toast) }, icon("hide"));
  fill(toast, h("p", {}, sentence), close);
}

/** Grey rows in the place of those that are on their way. */
export function waiting(rows = 2) {
  const places = Array.from({ length: 7 }, () => h("li", { class: "card" }, h("span", { class: "card-cover blank" }), h("span", { class: "line blank" })));
  return Array.from({ length: rows }, () =>
    h("section", { class: "row", "aria-hidden": "true" }, h("h2", { class: "line blank" }), h("ul", { class: "books" }, places.map((place) => place.cloneNode(true)))),
  );
}
