/** The search box: an editable combobox with a list of suggestions, after the ARIA Authoring Practices. */

import { address, bookAddress, page, searchAddress } from "./address.js";
import { get, isAborted } from "./api.js";
import { displayTitle } from "./books.js";
import { thumbnail } from "./cover.js";
import { fill, h } from "./dom.js";
import { sendSession } from "./events.js";
import { icon } from "./icons.js";
import { showAudience } from "./notices.js";

const PAUSE_MS = 90; // shorter than between two keys of a quick typist, so that only the last text is asked for
const BOOKS = 6; // authors and series follow them
const KINDS = { book: "Book", author: "Author", series: "Series", search: "Search" };

/** The text with its matched parts bold; ranges count code points, as the API does. */
function marked(text, ranges) {
  const letters = Array.from(text);
  const parts = [];
  let done = 0;
  for (const [start, end] of ranges) {
    parts.push(letters.slice(done, start).join(""), h("mark", {}, letters.slice(start, end).join("")));
    done = end;
  }
  return [...parts, letters.slice(done).join("")];
}

function optionAddress({ kind, text, key, book }) {
  if (kind === "book") return bookAddress(book?.key || key);
  return searchAddress(text);
}

function optionDetail({ book, detail }) {
  if (!book) return detail || "";
  const series = book.series && `${book.series}${book.series_number ? `, book ${book.series_number}` : ""}`;
  return [book.authors.join(", "), series].filter(Boolean).join(" · ");
}

function optionElement(suggestion, place) {
  const { kind, text, highlight, book } = suggestion;
  return h(
    "li",
    { role: "option", id: `suggestion-${place}`, class: "option", "aria-selected": "false" },
    kind === "book" ? thumbnail(displayTitle(book || { title: text })) : h("span", { class: "option-icon" }, icon(kind in KINDS ? kind : "search")),
    h(
      "span",
      { class: "option-text" },
      h("span", { class: "option-title" }, marked(text, highlight || [])),
      h("span", { class: "option-detail" }, optionDetail(suggestion)),
    ),
    h("span", { class: "tag" }, KINDS[kind] || kind),
  );
}

export class SearchBox {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("[role=combobox]");
    this.popup = form.querySelector(".suggestions");
    this.list = form.querySelector("[role=listbox]");
    this.status = form.querySelector("[role=status]");
    this.suggestions = [];
    this.active = -1;
    this.asked = null;
    this.session = null;
    this.input.addEventListener("input", () => this.askSoon());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the box
    this.list.addEventListener("click", (event) => this.onClick(event));
    form.addEventListener("submit", (event) => this.onSubmit(event));
    window.addEventListener("pagehide", () => this.endSession());
  }

  get isOpen() {
    return !this.popup.hidden;
  }

  askSoon() {
    this.forget();
    if (!this.input.value.trim()) this.close();
    else this.timer = setTimeout(() => this.ask(), PAUSE_MS);
  }

  /** What was asked for before is of no use any more. */
  forget() {
    clearTimeout(this.timer);
    this.asked?.abort();
  }

  async ask() {
    this.forget();
    const asked = new AbortController();
    this.asked = asked;
    const query = this.input.value.trim();
    try {
      const answer = await get("suggest", { q: query, limit: BOOKS, reader: page.reader }, { signal: asked.signal });
      showAudience(answer.audience);
      if (this.asked === asked && document.activeElement === this.input) this.show(query, answer.suggestions);
    } catch (error) {
      if (isAborted(error) || asked.signal.aborted) return;
      this.close(); // typing goes on, and Enter still opens the results page, which says what is wrong
      this.status.textContent = "No suggestions at the moment.";
    }
  }

  show(query, suggestions) {
    this.suggestions = suggestions;
    this.session = { typed: query, shown: suggestions.map(({ key }) => key) };
    this.activate(-1);
    fill(this.list, suggestions.map(optionElement));
    this.setOpen(suggestions.length > 0);
    const count = suggestions.length;
    this.status.textContent = count ? `${count} suggestion${count === 1 ? "" : "s"}` : "No suggestion. Enter searches all the same.";
  }

  close() {
    this.forget();
    this.activate(-1);
    this.setOpen(false);
  }

  setOpen(open) {
    this.popup.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
  }

  activate(place) {
    this.list.children[this.active]?.setAttribute("aria-selected", "false");
    this.active = place;
    const option = this.list.children[place];
    if (!option) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  /** Move through the list; one place beyond either end nothing is chosen, as the practices ask. */
  move(step) {
    if (!this.isOpen) {
      if (this.input.value.trim()) this.ask();
      return;
    }
    const places = this.suggestions.length + 1;
    this.activate(((this.active + 1 + step + places) % places) - 1);
  }

  onKey(event) {
    if (event.isComposing) return;
    const keys = {
      ArrowDown: () => this.move(1),
      ArrowUp: () => (event.altKey ? this.close() : this.move(-1)),
      Escape: () => this.onEscape(),
    };
    if (event.key in keys) {
      event.preventDefault();
      keys[event.key]();
    } else if (event.key === "Enter" && this.isOpen && this.active >= 0) {
      event.preventDefault();
      this.open(this.active);
    } else if (["Home", "End", "ArrowLeft", "ArrowRight"].includes(event.key)) {
      this.activate(-1); // back to editing the text
    }
  }

  onEscape() {
    if (this.isOpen) return this.close();
    this.forget(); // no answer that is on its way opens the list of a text that is gone
    this.input.value = "";
  }

  onClick(event) {
    const option = event.target.closest("[role=option]");
    if (option) this.open([...this.list.children].indexOf(option));
  }

  /** What was typed led here, or nowhere; of who reads is not known nothing is noted. */
  endSession(chosen = null) {
    if (this.session && page.isKnown) {
      sendSession(this.input.value.trim() || this.session.typed, this.session.shown, chosen).catch(() => {}); // the search goes on without it
    }
    this.session = null;
  }

  open(place) {
    this.endSession(this.suggestions[place].key);
    window.location.assign(optionAddress(this.suggestions[place]));
  }

  onSubmit(event) {
    event.preventDefault();
    const query = this.input.value.trim();
    this.endSession();
    window.location.assign(query ? searchAddress(query) : address());
  }
}
