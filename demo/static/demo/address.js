/** Where we are and where links lead. The whole state of the page stands in its address. */

const shown = new URLSearchParams(window.location.search);

export const page = {
  reader: document.body.dataset.reader, // whoever was named, known or not: every link carries it on
  isKnown: "known" in document.body.dataset,
  query: (shown.get("q") || "").trim(),
  book: shown.get("book") || "",
  number: Math.max(1, Number.parseInt(shown.get("page") || "1", 10) || 1),
  from: placeIn(shown.get("list"), Number.parseInt(shown.get("position") || "", 10)), // where the book of this page stood
};

/** A place in a served list as events name it; null where there was no list, or its name is none. */
export function placeIn(list, position) {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(list || "") || !(position >= 1)) return null;
  return { list_id: list, position };
}

/** Every value of a parameter of this page's address. */
export function values(name) {
  return shown.getAll(name);
}

/** A query string; a list is written as repeated parameters, empty values are left out. */
export function queryString(parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [value].flat()) {
      if (each !== null && each !== undefined && each !== "") query.append(name, each);
    }
  }
  return query.toString();
}

/** The address of a page for the same reader. */
export function address(parameters = {}) {
  return `/?${queryString({ ...parameters, reader: page.reader })}`;
}

/** The address of a book's page, which remembers the place in a list from which it was opened. */
export const bookAddress = (key, from = null) => address({ book: key, list: from?.list_id, position: from?.position });
export const searchAddress = (text) => address({ q: text });
