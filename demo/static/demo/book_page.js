/** One book: what it is, what the reader can do with it, and what is read together with it. */

import { address, page, searchAddress } from "./address.js";
import { get } from "./api.js";
import { actions, ages, displayTitle, genreName, languageName, row } from "./books.js";
import { cover } from "./cover.js";
import { fill, h } from "./dom.js";
import { send } from "./events.js";
import { empty, failure, say, showAudience, showFallback, waiting } from "./notices.js";

const WORDS = { finished: "You finished", hidden: "You hid" };
const main = document.getElementById("content");

function facts(book) {
  const list = [
    ["Age", ages(book.age_band)],
    ["Reading level", book.reading_level],
    ["Language", languageName(book.language)],
    ["Year", book.year === null ? null : book.year < 0 ? `${-book.year} BC` : book.year],
    ["Readers' rating", book.average_rating && book.average_rating.toFixed(2)],
    ["Genres", book.genres.map(genreName).filter(Boolean).slice(0, 8).join(", ")],
  ];
  const known = list.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== 0);
  return h("dl", { class: "facts" }, known.map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]));
}

function searchLink(text) {
  return h("a", { href: searchAddress(text) }, text);
}

function byline(book) {
  return h("p", { class: "byline" }, book.authors.flatMap((author, place) => [place ? ", " : "", searchLink(author)]));
}

function seriesLine(book) {
  if (!book.series) return null;
  return h("p", { class: "byline" }, searchLink(book.series), book.series_number ? `, book ${book.series_number}` : "");
}

async function act(kind, book) {
  try {
    await send(kind, book.key, "storefront.book", page.from);
    say(`${WORDS[kind]} ${displayTitle(book)}. The home page has changed with it.`);
  } catch (error) {
    say(`${displayTitle(book)} was not noted: ${error.message}`);
  }
}

function detail(book) {
  const title = displayTitle(book);
  return h(
    "article",
    { class: "detail" },
    h("div", { class: "detail-cover" }, cover({ title, author: book.authors[0] || "" })),
    h("div", { class: "detail-text" }, h("h1", {}, title), byline(book), seriesLine(book), facts(book), page.isKnown ? actions(book, (kind) => act(kind, book)) : null),
  );
}

function missing() {
  return empty("This book is not on this reader's shelf.", "It is meant for older readers, or it has left the library.", h("a", { class: "button", href: address() }, "All books for this reader"));
}

async function showSimilar(place) {
  fill(place, waiting(1));
  try {
    const similar = await get(`books/${encodeURIComponent(page.book)}/similar`, { limit: 14, reader: page.reader });
    if (similar.fallback) showFallback(similar.fallback); // nothing else that was said is taken away
    const title = "Readers of this book also liked";
    // The heading says it for all of them; another reason, such as the same author, stays.
    const items = similar.items.map((item) => (item.reason?.kind === "similar" ? { book: item.book } : item));
    const nothing = h("p", { class: "quiet" }, "No book is close enough to this one yet.");
    fill(place, items.length ? row({ key: "similar", title, list_id: similar.list_id, items }) : nothing);
  } catch (error) {
    fill(place, failure(error, () => showSimilar(place)));
  }
}

export async function showBook() {
  const place = h("div", {});
  fill(main, waiting(1));
  try {
    const book = await get(`books/${encodeURIComponent(page.book)}`, { reader: page.reader });
    showAudience(book.audience);
    document.title = `${displayTitle(book)} – epicml sample library`;
    fill(main, detail(book), place);
  } catch (error) {
    fill(main, error.status === 404 ? missing() : failure(error, showBook));
    return;
  }
  if (page.isKnown) send("opened", page.book, "storefront.book", page.from).catch(() => {}); // what is read goes on without it
  showSimilar(place);
}
