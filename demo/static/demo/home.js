/** The home page: rows of books for the reader, drawn anew after everything the reader does. */

import { page } from "./address.js";
import { get } from "./api.js";
import { displayTitle, row } from "./books.js";
import { fill } from "./dom.js";
import { send } from "./events.js";
import { empty, failure, say, showAudience, showFallback, waiting } from "./notices.js";

const WORDS = { finished: "You finished", hidden: "You hid" };
const ROW = 14; // two screens of a row
const main = document.getElementById("content");

const fetchHome = () => get(`readers/${encodeURIComponent(page.reader)}/home`, { limit: ROW });

/** For who is not known there is no home page: one row of what many read, for the youngest. */
async function drawForStranger() {
  const popular = await get("popular", { limit: ROW, reader: page.reader });
  showAudience(popular.audience);
  const nothing = empty("No book for the youngest yet.", "Books appear as soon as the catalogue has one for 0 to 5. Choose a reader above.");
  fill(main, popular.items.length ? row({ key: "popular", title: "Books that many children like", list_id: popular.list_id, items: popular.items }) : nothing);
}

async function drawHome() {
  if (!page.isKnown) {
    await drawForStranger();
    return;
  }
  try {
    draw(await fetchHome());
  } catch (error) {
    if (error.status !== 404 && error.code !== "reader_not_proven") throw error;
    await drawForStranger(); // erased since this page was made
  }
}

const booksOf = (home) => new Set(home.rows.flatMap(({ items }) => items.map(({ book }) => book.key)));

function draw(home, newBooks = new Set()) {
  showFallback(home.fallback);
  const rows = home.rows.filter(({ items }) => items.length > 0);
  const onAct = (kind, book, from) => act(home, kind, book, from);
  const nothing = empty("No book for this reader yet.", "Books appear as soon as the catalogue has one for this age. Another reader may have some: choose one above.");
  fill(main, rows.length ? rows.map((each) => row(each, { newBooks, onAct })) : nothing);
}

/** The place of the button in use, so that the book that moves up gets the focus. */
function placeOf(element) {
  const section = element?.closest("[data-row]");
  const books = [...(section?.querySelectorAll("[data-book]") || [])];
  return { row: section?.dataset.row, index: books.indexOf(element?.closest("[data-book]")) };
}

function focusAt({ row: key, index }) {
  const books = main.querySelectorAll(`[data-row="${CSS.escape(key || "")}"] .card-link`);
  const next = books[Math.min(index, books.length - 1)] || main.querySelector(".card-link");
  next?.focus({ preventScroll: true });
}

function newHere(count) {
  if (count === 0) return "No other book came up.";
  return count === 1 ? "One book is new on this page." : `${count} books are new on this page.`;
}

async function act(before, kind, book, from) {
  const place = placeOf(document.activeElement);
  const scrolled = [...main.querySelectorAll(".books")].map((list) => list.scrollLeft);
  try {
    await send(kind, book.key, "storefront.home", from);
    const home = await fetchHome();
    const known = booksOf(before);
    const newBooks = new Set([...booksOf(home)].filter((key) => !known.has(key)));
    draw(home, newBooks);
    main.querySelectorAll(".books").forEach((list, index) => list.scrollTo({ left: scrolled[index] || 0, behavior: "instant" }));
    focusAt(place);
    say(`${WORDS[kind]} ${displayTitle(book)}. ${newHere(newBooks.size)}`);
  } catch (error) {
    say(`${displayTitle(book)} was not noted: ${error.message}`);
  }
}

export async function showHome() {
  fill(main, waiting());
  try {
    await drawHome();
  } catch (error) {
    fill(main, failure(error, showHome));
  }
}
