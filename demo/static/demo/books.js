/** A book as the pages show it: on a card, in a row, with its reason and the two things a reader can do with it. */

import { bookAddress, placeIn } from "./address.js";
import { cover } from "./cover.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

/** The title without the series in brackets, which has a line of its own. */
export function displayTitle({ title }) {
  return title.replace(/\s*\([^()]*#[^()]*\)\s*$/, "") || title;
}

/** "9 to 11" for "9-11"; adult stays a word. */
export const ages = (code) => code.replace("-", " to ");

/** The authors as a line; illustrators and translators after the second are counted. */
export function authorLine({ authors }, most = 2) {
  const named = authors.slice(0, most).join(", ");
  return authors.length > most ? `${named} and ${authors.length - most} more` : named;
}

// Tags that say for whom a book is; the age is shown by itself.
const AUDIENCE_TAG = /child|young-adult|(^|-)ya(-|$)|teen|middle-grade|juvenile|picture-?book|chapter-book|^(new-)?adult/;

/** The name of a genre for a person; null for a tag that speaks of ages. */
export const genreName = (tag) => (AUDIENCE_TAG.test(tag) ? null : tag.replaceAll("-", " "));

const languageNames = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

/** "English" for "en". */
export const languageName = (code) => (code === "und" ? "not known" : languageNames.of(code));

/** Buttons that send what the reader did; onAct gets the kind of event. */
export function actions(book, onAct) {
  const title = displayTitle(book);
  const button = (kind, word, name) =>
    h("button", { type: "button", class: "act", "data-act": kind, "aria-label": name, onclick: () => onAct(kind) }, icon(kind === "hidden" ? "hide" : "finished"), h("span", {}, word));
  return h(
    "div",
    { class: "acts" },
    button("finished", "Finished", `Finished ${title}`),
    button("hidden", "Hide", `Hide ${title}`),
  );
}

/** One book in a list; `from` is its place there, which its link and what is done with it carry on. */
export function card({ book, reason }, { from = null, isNew = false, onAct = null } = {}) {
  const title = displayTitle(book);
  return h(
    "li",
    { class: isNew ? "card is-new" : "card", "data-book": book.key },
    h(
      "a",
      { class: "card-link", href: bookAddress(book.key, from) },
      h("span", { class: "card-cover" }, cover({ title, author: book.authors[0] || "" }), isNew ? h("span", { class: "new" }, "New here") : null),
      h("span", { class: "card-title" }, title),
    ),
    h("p", { class: "card-author" }, authorLine(book, 1)),
    reason?.text ? h("p", { class: "reason" }, reason.text) : null,
    onAct ? actions(book, (kind) => onAct(kind, book, from)) : null,
  );
}

const BECAUSE = "Because you read ";

/** The title of a row; the book it speaks of is a link. */
function heading({ title, book_key: key }) {
  if (!key || !title.startsWith(BECAUSE)) return title;
  return [BECAUSE, h("a", { href: bookAddress(key) }, title.slice(BECAUSE.length))];
}

/** A heading and its books. */
export function row({ key, title, book_key = null, list_id = null, items }, { newBooks = new Set(), onAct = null } = {}) {
  const name = `row-${key.replace(/[^a-z0-9]+/gi, "-")}`;
  return h(
    "section",
    { class: "row", "aria-labelledby": name, "data-row": key },
    h("h2", { id: name }, heading({ title, book_key })),
    h("ul", { class: "books" }, items.map((item, index) => card(item, { from: placeIn(list_id, index + 1), isNew: newBooks.has(item.book.key), onAct }))),
  );
}
