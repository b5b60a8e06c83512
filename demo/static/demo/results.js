/** The results page: books for a text, narrowed by links, a page at a time. */

import { address, page, placeIn, searchAddress, values } from "./address.js";
import { get } from "./api.js";
import { card, genreName, languageName } from "./books.js";
import { fill, h } from "./dom.js";
import { empty, failure, showAudience, showFallback, waiting } from "./notices.js";

const PAGE_SIZE = 21;
const main = document.getElementById("content");
const SHOWN = 10; // values of a facet
// A value without a name is not listed.
const FACETS = {
  age_bands: { title: "Age", name: ({ label }) => label },
  reading_levels: { title: "Reading level", name: ({ value }) => value },
  languages: { title: "Language", name: ({ value }) => languageName(value) },
  genres: { title: "Genre", name: ({ value, selected }) => genreName(value) || (selected ? value : null) },
};

/** The filters in this page's address, by the names the API knows. */
function filters() {
  return Object.fromEntries(Object.keys(FACETS).map((facet) => [facet, values(facet)]));
}

const countOf = (chosen) => Object.values(chosen).flat().length;

/** A link that adds this value to the filters, or takes it away again. */
function facetLink(facet, each, chosen) {
  const others = chosen[facet].filter((value) => value !== each.value);
  const next = { q: page.query, ...chosen, [facet]: each.selected ? others : [...others, each.value] };
  return h(
    "li",
    {},
    h(
      "a",
      { href: address(next), "aria-current": each.selected ? "true" : null },
      h("span", {}, FACETS[facet].name(each)),
      h("span", { class: "count" }, each.selected ? "remove" : each.count.toLocaleString("en")),
    ),
  );
}

function facetList(facet, found, chosen) {
  const named = found.filter((each) => FACETS[facet].name(each));
  const shown = named.filter((each, place) => place < SHOWN || each.selected);
  if (shown.length === 0) return null;
  const name = `facet-${facet}`;
  return h(
    "section",
    { "aria-labelledby": name },
    h("h3", { id: name }, FACETS[facet].title),
    h("ul", {}, shown.map((each) => facetLink(facet, each, chosen))),
  );
}

function facetPanel(facets, chosen) {
  const lists = Object.keys(FACETS).map((facet) => facetList(facet, facets[facet] || [], chosen));
  const count = countOf(chosen);
  const narrow = window.matchMedia("(max-width: 767px)").matches;
  return h("details", { class: "facets", open: !narrow }, h("summary", {}, count ? `Filters (${count})` : "Filters"), lists);
}

function pageLinks({ page: number, page_size: size, total }, chosen) {
  const last = Math.max(1, Math.ceil(total / size));
  if (last === 1) return null;
  const link = (to, word, relation) =>
    to < 1 || to > last ? h("span", { class: "quiet" }, word) : h("a", { class: "button", rel: relation, href: address({ ...chosen, q: page.query, page: to > 1 ? to : "" }) }, word);
  return h("nav", { class: "pages", "aria-label": "Pages" }, link(number - 1, "Previous", "prev"), h("span", {}, `Page ${number} of ${last.toLocaleString("en")}`), link(number + 1, "Next", "next"));
}

function heading({ total, did_you_mean: meant }) {
  const title = h("h1", {}, `${total.toLocaleString("en")} book${total === 1 ? "" : "s"} for “${page.query}”`);
  const also = meant && h("p", {}, "Also found: books for ", h("a", { href: searchAddress(meant) }, meant));
  return h("div", { class: "answer" }, title, also);
}

function nothing(chosen) {
  const all = h("a", { class: "button", href: address({ q: page.query }) }, "Search without filters");
  const home = h("a", { class: "button", href: address() }, "Back to the books for this reader");
  const narrowed = countOf(chosen) > 0;
  return empty(
    `No book for “${page.query}”.`,
    narrowed ? "Your filters may be too narrow." : "A few letters of a title, an author or a series are enough; small typing errors are forgiven. Books for older readers are left out.",
    narrowed ? all : home,
  );
}

function draw(found, chosen) {
  showFallback(found.fallback);
  showAudience(found.audience);
  if (found.total === 0) {
    fill(main, nothing(chosen));
    return;
  }
  const before = (found.page - 1) * found.page_size; // positions count on over the pages
  const books = found.items.map((item, index) => card({ book: item }, { from: placeIn(found.list_id, before + index + 1) }));
  fill(
    main,
    heading(found),
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
