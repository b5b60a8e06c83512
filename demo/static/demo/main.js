/** The storefront: one page whose address says what it shows. */

import { page } from "./address.js";
import { showBook } from "./book_page.js";
import { showHome } from "./home.js";
import { showResults } from "./results.js";
import { SearchBox } from "./search_box.js";

const readers = document.getElementById("reader");

new SearchBox(document.getElementById("search"));
// A browser may remember another choice after going back, also where it keeps the whole page.
const showReader = () => {
  readers.value = page.reader;
};
showReader();
window.addEventListener("pageshow", showReader);
readers.addEventListener("change", () => readers.form.requestSubmit());

const content = document.getElementById("content");
const show = page.book ? showBook : page.query ? showResults : showHome;
show().finally(() => content.removeAttribute("aria-busy"));
