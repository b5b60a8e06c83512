"""Every operation of the API with each value it reads, and where the project itself says what there is."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import yaml
from django.urls import URLPattern, URLResolver, get_resolver

from tests.architecture.tree import ROOT
from tests.safety import corpus
from tests.safety.corpus import Kind

Place = Literal["path", "query", "body"]
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Value:
    """One value that an operation reads; in a batch `inside` names the list whose first item holds it."""

    name: str
    place: Place
    kind: Kind
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path, a request that is right in everything, and its scope.

    `answers` is the status of that request where there is nothing but one reader and one book.
    """

    method: str
    path: str
    scope: str
    values: tuple[Value, ...]
    body: Any = None
    answers: int = 200

    @property
    def title(self) -> str:
        return f"{self.method} {self.path}"

    def url(self, **path: str) -> str:
        """The address, with these parts of the path instead of known ones."""
        named = {value.name: PATHS.get((self.path, value.name), "x") for value in self.values if value.place == "path"}
        return "/api/v1/" + self.path.format(**{**named, **path})

    def body_with(self, value: Value, content: Any) -> Any:
        """The right body, with this content in the place of the value."""
        body = copy.deepcopy(self.body)
        holder = body[value.inside][0] if value.inside else body
        holder[value.name] = content
        return body


# Names of nobody, of any form.
STRANGERS = ("nobody", *corpus.CONTROL, *corpus.HARMLESS, "", "x" * 65, "x" * 5000, "a b", "a/b")
# What stands in the place of each part of a path when another part is tried.
BOOK, READER, JOB, RELEASE = "known-book", "known-reader", "999999999", "2026-11-24.1"
PATHS = {
    ("books/{key}", "key"): BOOK,
    ("books/{key}/similar", "key"): BOOK,
    ("readers/{key}", "key"): READER,
    ("readers/{key}/export", "key"): READER,
    ("readers/{key}/tokens", "key"): READER,
    ("readers/{key}/recommendations", "key"): READER,
    ("readers/{key}/home", "key"): READER,
    ("jobs/{job_id}", "job_id"): JOB,
    ("jobs/{job_id}/retry", "job_id"): JOB,
    ("jobs/{job_id}/cancel", "job_id"): JOB,
    ("releases/{kind}/{key}", "key"): RELEASE,
    ("releases/{kind}/{key}/promote", "key"): RELEASE,
}

PATH_KEY = Value("key", "path", corpus.FORMED)
PATH_KIND = Value("kind", "path", corpus.FORMED)
JOB_ID = Value("job_id", "path", corpus.NUMBER_IN_PATH)
PAGES = (Value("page", "query", corpus.WHOLE), Value("page_size", "query", corpus.WHOLE))
LIMIT = Value("limit", "query", corpus.WHOLE)
BAND = Value("age_band", "query", corpus.CHOICE)
# Whatever is said of the reader is answered, for the youngest.
ASKER = (Value("reader", "query", Kind(harmless=STRANGERS)), BAND)
WHY = Value("why", "body", corpus.free_text(500))

# A surface may look like a path.
SURFACE = Kind(json=tuple(text for text in corpus.FORMED.json if text not in ("", "a/b", "../../../../etc/passwd")))
LIST_ID = Kind(json=tuple(text for text in corpus.FORMED.json if text != ""))
BOOK_KEYS = Kind(json=(*corpus.NOT_A_LIST, [], *([text] for text in corpus.FORMED.json), ["a"] * 101))
# A rating has none of these, whatever they are; sessions have tests of their own.
OF_SESSIONS = Kind(json=(*corpus.NOT_TEXT, *corpus.CONTROL, *corpus.SURROGATES, *corpus.HARMLESS, "", "x" * 5000))
LIST_SURFACE = Kind(json=tuple(text for text in corpus.FORMED.json if text not in ("a/b", "../../../../etc/passwd")))
ORIGIN = Kind(json=tuple(text for text in corpus.FORMED.json if text != ""))
LANGUAGE = Kind(json=tuple(text for text in corpus.CHOICE.json if text != ""))
ISBNS = Kind(
    json=(
        *(value for value in corpus.texts(40).json if value != ["a"] * 1001),
        *([text] for text in corpus.HARMLESS),
        ["0439023484"],
    )
)
BOOK_FIELDS = (
    Value("key", "body", corpus.FORMED, "books"),
    Value("title", "body", corpus.free_text(500), "books"),
    Value("authors", "body", corpus.texts(200), "books"),
    Value("series", "body", corpus.free_text(200), "books"),
    Value("series_number", "body", corpus.DECIMAL, "books"),
    Value("age_band", "body", corpus.CHOICE, "books"),
    Value("reading_level", "body", corpus.WHOLE, "books"),
    Value("language", "body", LANGUAGE, "books"),
    Value("year", "body", corpus.WHOLE, "books"),
    Value("genres", "body", corpus.texts(60), "books"),
    Value("popularity", "body", corpus.WHOLE, "books"),
    Value("average_rating", "body", corpus.DECIMAL, "books"),
    Value("isbns", "body", ISBNS, "books"),
    Value("audience", "body", Kind(json=(0, 1.5, True, "a", "", [], ["a"])), "books"),
)
ONE_BOOK_FIELDS = tuple(replace(value, inside="") for value in BOOK_FIELDS)
EVENT_FIELDS = (
    Value("event_id", "body", corpus.FORMED, "events"),
    Value("reader", "body", corpus.FORMED, "events"),
    Value("book", "body", corpus.FORMED, "events"),
    Value("kind", "body", corpus.CHOICE, "events"),
    Value("value", "body", corpus.DECIMAL, "events"),
    Value("surface", "body", SURFACE, "events"),
    Value("list_id", "body", LIST_ID, "events"),
    Value("occurred_at", "body", corpus.MOMENT, "events"),
    Value("position", "body", corpus.WHOLE, "events"),
    Value("typed", "body", OF_SESSIONS, "events"),
    Value("shown", "body", OF_SESSIONS, "events"),
    Value("chosen", "body", OF_SESSIONS, "events"),
)
LIST_FIELDS = (
    Value("list_id", "body", corpus.FORMED, "lists"),
    Value("surface", "body", LIST_SURFACE, "lists"),
    Value("reader", "body", corpus.FORMED, "lists"),
    Value("age_band", "body", corpus.CHOICE, "lists"),
    Value("books", "body", BOOK_KEYS, "lists"),
    Value("first_position", "body", corpus.WHOLE, "lists"),
    Value("served_at", "body", corpus.MOMENT, "lists"),
)
BOOKS = Value("books", "body", corpus.RECORDS)
# In the address instead of the body, never beside it.
KEYS = (Value("keys", "body", corpus.texts(64)), Value("keys", "query", Kind(query=corpus.texts(64).query)))
PROFILE = (
    Value("age_band", "body", corpus.CHOICE),
    Value("level_min", "body", corpus.WHOLE),
    Value("level_max", "body", corpus.WHOLE),
    Value("languages", "body", corpus.CHOICES),
)
SAVED = {"books": [{"key": "b", "title": "B", "age_band": "6-8", "series": "S", "series_number": 1}]}
SENT = {
    "events": [
        {
            "event_id": "e",
            "reader": READER,
            "book": BOOK,
            "kind": "rated",
            "value": 4,
            "list_id": "l",
            "occurred_at": "2025-11-24T12:00Z",
        }
    ]
}
SHOWN = {"lists": [{"list_id": "l", "surface": "shelf", "reader": READER, "books": [BOOK]}]}

OPERATIONS = (
    Operation("GET", "suggest", "search:read", (Value("q", "query", corpus.free_text(200)), LIMIT, *ASKER)),
    Operation(
        "GET",
        "search",
        "search:read",
        (
            Value("q", "query", corpus.free_text(200)),
            *ASKER,
            Value("age_bands", "query", corpus.CHOICES),
            Value("reading_levels", "query", corpus.WHOLES),
            Value("languages", "query", corpus.CHOICE),
            Value("genres", "query", corpus.texts(60)),
            *PAGES,
        ),
    ),
    Operation("GET", "readers/{key}/recommendations", "recommendations:read", (PATH_KEY, LIMIT)),
    Operation("GET", "readers/{key}/home", "recommendations:read", (PATH_KEY, LIMIT)),
    Operation("GET", "books/{key}/similar", "recommendations:read", (PATH_KEY, LIMIT, *ASKER)),
    Operation(
        "GET",
        "popular",
        "recommendations:read",
        (LIMIT, *ASKER, Value("genre", "query", corpus.free_text(60))),
    ),
    Operation("POST", "events", "events:write", (Value("events", "body", corpus.RECORDS), *EVENT_FIELDS), SENT),
    Operation("POST", "lists", "events:write", (Value("lists", "body", corpus.RECORDS), *LIST_FIELDS), SHOWN),
    Operation("GET", "readers/{key}", "readers:read", (PATH_KEY,)),
    Operation(
        "PUT",
        "readers/{key}",
        "readers:write",
        (PATH_KEY, *PROFILE),
        {"age_band": "9-11", "level_min": 1, "level_max": 12, "languages": ["en"]},
    ),
    Operation("PATCH", "readers/{key}", "readers:write", (PATH_KEY, *PROFILE), {"age_band": "9-11"}),
    Operation("DELETE", "readers/{key}", "readers:erase", (PATH_KEY,)),
    Operation("GET", "readers/{key}/export", "readers:read", (PATH_KEY,)),
    Operation(
        "POST",
        "readers/{key}/tokens",
        "readers:tokens",
        (PATH_KEY, Value("seconds", "body", corpus.WHOLE), Value("origin", "body", ORIGIN)),
        {"seconds": 900, "origin": "https://library.example"},
    ),
    Operation("GET", "books", "catalog:read", (*ASKER, *PAGES)),
    Operation("POST", "books", "catalog:write", (BOOKS, *BOOK_FIELDS), SAVED),
    Operation("PUT", "books", "catalog:write", (BOOKS, *BOOK_FIELDS), SAVED),
    Operation(
        "PATCH", "books", "catalog:write", (BOOKS, *BOOK_FIELDS), {"books": [{**SAVED["books"][0], "key": BOOK}]}
    ),
    Operation("DELETE", "books", "catalog:write", KEYS, {"keys": ["unknown"]}),
    Operation("PUT", "books/{key}", "catalog:write", (PATH_KEY, *ONE_BOOK_FIELDS), {"title": "B", "age_band": "6-8"}),
    Operation("PATCH", "books/{key}", "catalog:write", (PATH_KEY, *ONE_BOOK_FIELDS), {"title": "B"}),
    Operation("DELETE", "books/{key}", "catalog:write", (PATH_KEY,)),
    Operation("GET", "books/{key}", "catalog:read", (PATH_KEY, *ASKER)),
    Operation(
        "GET",
        "jobs",
        "jobs:read",
        (Value("state", "query", corpus.CHOICE), Value("name", "query", corpus.free_text(100)), *PAGES),
    ),
    Operation("GET", "jobs/{job_id}", "jobs:read", (JOB_ID,), answers=404),
    Operation("POST", "jobs/{job_id}/retry", "jobs:write", (JOB_ID,), answers=404),
    Operation("POST", "jobs/{job_id}/cancel", "jobs:write", (JOB_ID,), answers=404),
    Operation("GET", "releases", "releases:read", (Value("kind", "query", corpus.FORMED), *PAGES)),
    Operation("GET", "releases/{kind}/{key}", "releases:read", (PATH_KIND, PATH_KEY), answers=404),
    Operation(
        "POST",
        "releases/{kind}/{key}/promote",
        "releases:write",
        (PATH_KIND, PATH_KEY, WHY, Value("accept", "body", corpus.texts(40))),
        {"why": "better"},
        answers=404,
    ),
    Operation(
        "POST",
        "releases/{kind}/roll-back",
        "releases:write",
        (PATH_KIND, WHY, Value("to", "body", corpus.FORMED)),
        {"why": "worse", "to": RELEASE},
        answers=404,
    ),
)


@cache
def documented() -> dict[str, Any]:
    """The OpenAPI document; another test holds it to what the code says."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
    return found


def documented_values() -> dict[str, set[tuple[str, str]]]:
    """For each operation of the document, place and name of each value that it reads."""
    return {
        f"{method.upper()} {path.removeprefix('/api/v1/')}": {*_parameters(operation), *_body_fields(operation)}
        for path, methods in documented()["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def routed_scopes() -> dict[tuple[str, str], str | None]:
    """For each route below /api/v1/ and each method that its view has, the scope it asks for."""
    found: dict[tuple[str, str], str | None] = {}
    for route, pattern in patterns():
        view = getattr(pattern.callback, "cls", None)
        if route.startswith("api/v1/"):
            for method in METHODS:
                if hasattr(view, method):
                    found[method.upper(), route] = getattr(view, "scopes", {}).get(method.upper())
    return found


def patterns(
    found: list[URLPattern | URLResolver] | None = None, *, before: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every address of the project as it is written in the URLconf."""
    for pattern in get_resolver().url_patterns if found is None else found:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, before=route)
        else:
            yield route, pattern


def _parameters(operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    return ((parameter["in"], parameter["name"]) for parameter in operation.get("parameters", ()))


def _body_fields(operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield from (("body", name) for name in _names(content["schema"]))


def _names(schema: dict[str, Any]) -> Iterator[str]:
    """Names of the fields of an object, and of the objects in its lists."""
    schema = resolved(schema)
    for name, part in schema.get("properties", {}).items():
        yield name
        if part.get("type") == "array":
            yield from _names(part["items"])


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself where only its name is given; of items that are judged each for itself, that of a right one."""
    if "anyOf" in schema:
        schema, _anything = schema["anyOf"]
    if "allOf" in schema:
        (schema,) = schema["allOf"]
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = documented()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found
