/** The results page: books for a text, narrowed by links, a page at a time. */

import { address, page, parameter } from "./address.js";
import { get } from "./api.js";
import { ages, card } from "./books.js";
import { fill, h } from "./dom.js";
import { empty, failure, showFallback, waiting } from "./notices.js";

const PAGE_SIZE = 21;
const main = document.getElementById("content");
const FACETS = {
  age_band: { title: "Age", parameter: "age_band_filter", label: ages },
  reading_level: { title: "Reading level", parameter: "reading_level", label: String },
  language: { title: "Language", parameter: "language", label: String },
  genre: { title: "Genre", parameter: "genre", label: String },
};

/** The filters in this page's address, by the names the API knows. */
function filters() {
  return Object.fromEntries(Object.values(FACETS).map(({ parameter: name }) => [name, parameter(name)]).filter(([, value]) => value));
}

function facetLink({ parameter: name, label }, { value, count }, chosen) {
  const isChosen = chosen[name] === String(value);
  const next = { ...chosen, q: page.query, [name]: isChosen ? "" : value };
  return h(
    "li",
    {},
    h("a", { href: address(next), "aria-current": isChosen ? "true" : null }, h("span", {}, label(String(value))), h("span", { class: "count" }, isChosen ? "remove" : count.toLocaleString("en"))),
  );
}

function facetList(name, values, chosen) {
  const facet = FACETS[name];
  if (!facet || values.length === 0) return null;
  const title = `facet-${name}`;
  return h("section", { "aria-labelledby": title }, h("h3", { id: title }, facet.title), h("ul", {}, values.slice(0, 8).map((value) => facetLink(facet, value, chosen))));
}

function facetPanel(facets, chosen) {
  const lists = Object.keys(FACETS).map((name) => facetList(name, facets[name] || [], chosen));
  const count = Object.keys(chosen).length;
  const narrow = window.matchMedia("(max-width: 767px)").matches;
  return h("details", { class: "facets", open: !narrow || count > 0 }, h("summary", {}, count ? `Filters (${count})` : "Filters"), ...lists.filter(Boolean));
}

function pageLinks({ page: number, page_size: size, total }, chosen) {
  const last = Math.max(1, Math.ceil(total / size));
  if (last === 1) return null;
  const link = (to, word, relation) =>
    to < 1 || to > last ? h("span", { class: "quiet" }, word) : h("a", { class: "button", rel: relation, href: address({ ...chosen, q: page.query, page: to > 1 ? to : "" }) }, word);
  return h("nav", { class: "pages", "aria-label": "Pages" }, link(number - 1, "Previous", "prev"), h("span", {}, `Page ${number} of ${last.toLocaleString("en")}`), link(number + 1, "Next", "next"));
}

function heading(total) {
  return h("h1", { class: "answer" }, `${total.toLocaleString("en")} book${total === 1 ? "" : "s"} for “${page.query}”`);
}

function nothing(chosen) {
  const all = h("a", { class: "button", href: address({ q: page.query }) }, "Search without filters");
  const home = h("a", { class: "button", href: address() }, "Back to the books for this reader");
  const narrowed = Object.keys(chosen).length > 0;
  return empty(
    `No book for “${page.query}”.`,
    narrowed ? "Your filters may be too narrow." : "A few letters of a title, an author or a series are enough; small typing errors are forgiven. Books for older readers are left out.",
    narrowed ? all : home,
  );
}

function draw(found, chosen) {
  showFallback(found.fallback);
  if (found.total === 0) {
    fill(main, nothing(chosen));
    return;
  }
  const books = found.items.map((item) => card({ book: item.book || item }));
  fill(
    main,
    heading(found.total),
    h("div", { class: "found" }, facetPanel(found.facets || {}, chosen), h("div", {}, h("ul", { class: "books books-grid" }, books), pageLinks(found, chosen))),
  );
}

export async function showResults() {
  document.title = `${page.query} – epicml sample library`;
  const chosen = filters();
  fill(main, waiting(1));
  try {
    draw(await get("search", { q: page.query, page: page.number, page_size: PAGE_SIZE, reader: page.reader, ...chosen }), chosen);
  } catch (error) {
    fill(main, failure(error, showResults));
  }
}
