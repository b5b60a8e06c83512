/** Where we are and where links lead. The whole state of the page stands in its address. */

const shown = new URLSearchParams(window.location.search);

export const page = {
  reader: document.body.dataset.reader,
  query: (shown.get("q") || "").trim(),
  book: shown.get("book") || "",
  number: Math.max(1, Number.parseInt(shown.get("page") || "1", 10) || 1),
};

/** The value of a parameter of this page's address. */
export function parameter(name) {
  return shown.get(name);
}

/** The address of a page for the same reader; empty values are left out. */
export function address(parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...parameters, reader: page.reader })) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  return `/?${query}`;
}

export const bookAddress = (key) => address({ book: key });
export const searchAddress = (text) => address({ q: text });
