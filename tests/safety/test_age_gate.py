"""No answer of any endpoint holds a book above the band of who asks: whatever changed, and from the next request on."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.catalog.selectors.shelf import reset_shelf
from apps.platform.services.api_keys import PUBLIC_SCOPES
from apps.readers.services import issue_reader_token
from apps.releases.services import kinds
from apps.releases.services.live_artifact import reset_live_artifacts
from apps.search.engines.embedded.folders import copies_folder
from apps.search.services.applying import apply_changes
from epicml.audience.bands import AgeBand
from tests.client import ApiClient
from tests.safety import library
from tests.safety.library import BOOKS, READERS, band_at_first, key, mark, reader_key
from tests.safety.operations import routed_scopes
from tests.sealing import Seals

pytestmark = pytest.mark.django_db

ASKED_FROM = "/api/v1/"
# Scopes of endpoints that show books to readers; reading a profile and its export shows no books but one's own acts.
READER_FACING = {"search:read", "recommendations:read", "catalog:read"}
STRANGERS = ("nobody", "READER-0", "reader 0", "", "reader-0\n", "\0", "x" * 500)
FEW = 6  # readers and books that the changes are about, so that several of them meet
slow = hypothesis_settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a reader, a band, both or neither; a stranger is one whom nobody knows."""

    reader: int | None = None
    age_band: AgeBand | None = None
    stranger: str | None = None

    @property
    def query(self) -> dict[str, Any]:
        return {
            "reader": self.stranger if self.reader is None else reader_key(self.reader),
            "age_band": None if self.age_band is None else self.age_band.code,
        }


@dataclass
class Library:
    """What is true, kept beside the product: the band of each book that is not withdrawn, and of each reader."""

    api: ApiClient
    books: dict[int, AgeBand] = field(default_factory=lambda: {n: band_at_first(n) for n in range(BOOKS)})
    readers: list[AgeBand] = field(default_factory=lambda: [band_at_first(n) for n in range(READERS)])
    acts: int = 0

    def band_of(self, asker: Asker) -> AgeBand:
        """The lower of the reader's and the one that was asked for; of nobody the youngest."""
        if asker.stranger is not None:
            return AgeBand.AGES_0_TO_5
        bands = [asker.age_band, None if asker.reader is None else self.readers[asker.reader]]
        return min((band for band in bands if band is not None), default=AgeBand.AGES_0_TO_5)

    def visible(self, band: AgeBand) -> set[int]:
        return {number for number, own in self.books.items() if own <= band}

    def put_book(self, number: int, band: AgeBand) -> None:
        new = library.book(number, band)
        sent = {
            "key": new.key,
            "title": new.title,
            "authors": new.authors,
            "series": new.series,
            "series_number": new.series_number,
            "age_band": band.code,
            "reading_level": new.reading_level,
            "language": new.language,
            "genres": new.genres,
            "popularity": new.ratings_count,
        }
        assert self.api.post("/api/v1/books", {"books": [sent]}).json()["refused"] == 0
        self.books[number] = band

    def delete_book(self, number: int) -> None:
        assert self.api.delete("/api/v1/books", {"keys": [key(number)]}).status_code == 200
        self.books.pop(number, None)

    def put_reader(self, number: int, band: AgeBand) -> None:
        assert self.api.put(f"/api/v1/readers/{reader_key(number)}", {"age_band": band.code}).status_code == 200
        self.readers[number] = band

    def act(self, reader: int, number: int, kind: str) -> None:
        self.acts += 1
        sent = library.event(reader, number, kind, at=library.NOON, times=self.acts)
        del sent["occurred_at"]  # now
        assert self.api.post("/api/v1/events", {"events": [sent]}).json()["stored"] == 1


@dataclass
class PublicLibrary(Library):
    """The same as a public key shows it to who names no reader."""

    highest: AgeBand = AgeBand.AGES_0_TO_5

    def band_of(self, asker: Asker) -> AgeBand:
        return min(super().band_of(asker), self.highest)


def shows_nothing_above(truth: Library, data: dict[str, Any], band: AgeBand) -> None:
    """No trace of a book that may not be shown: not as a book, in a reason, as a name, as a genre, in a number."""
    visible = truth.visible(band)
    text = json.dumps(data, ensure_ascii=False)
    assert [number for number in range(BOOKS) if number not in visible and mark(number) in text] == []
    names = {name for number in visible for name in (*library.authors(number), f"Dragons {number // 12}")}
    for suggestion in data.get("suggestions", ()):
        assert suggestion["kind"] == "book" or suggestion["key"] in names


Ask = Callable[[Library, Asker, int], None]


def _got(truth: Library, path: str, asker: Asker, **query: Any) -> dict[str, Any]:
    answer = truth.api.get(ASKED_FROM + path, **asker.query, **query)
    assert answer.status_code == 200, answer.content
    data: dict[str, Any] = answer.json()
    if "audience" in data:
        assert data["audience"]["age_band"] == truth.band_of(asker).code
        assert data["audience"]["reader_known"] == (
            False if asker.stranger is not None else None if asker.reader is None else True
        )
    data.pop("query", None)  # what was asked is said back
    return data


def suggest(truth: Library, asker: Asker, number: int) -> None:
    for text in (mark(number), mark(number)[:-1], f"author {mark(number)[:4]}", "hous", "dragons", "the d", "q"):
        shows_nothing_above(truth, _got(truth, "suggest", asker, q=text, limit=50), truth.band_of(asker))


def search(truth: Library, asker: Asker, number: int) -> None:
    band = truth.band_of(asker)
    misspelt = mark(number)[:-1] + "x"
    for text in (mark(number), misspelt, "dragon", f"house {number // 6}"):
        shows_nothing_above(truth, _got(truth, "search", asker, q=text, page_size=100), band)
    found = _got(truth, "search", asker, page_size=100)
    shows_nothing_above(truth, found, band)
    assert found["total"] == len(truth.visible(band))
    counts = {name: {facet["value"]: facet["count"] for facet in found["facets"][name]} for name in found["facets"]}
    assert sum(counts["age_bands"].values()) == sum(counts["languages"].values()) == found["total"]
    assert counts["age_bands"].keys() <= {lower.code for lower in AgeBand if lower <= band}
    assert counts["genres"].get("dragons", 0) == found["total"]


def search_filtered(truth: Library, asker: Asker, number: int) -> None:
    """Who filters by what may not be shown finds that it is nowhere; only the choice itself is said back."""
    genre, band = f"genre-{mark(number)}", truth.band_of(asker)
    found = _got(truth, "search", asker, genres=[genre], age_bands=[higher.code for higher in AgeBand])
    if number not in truth.visible(band):
        assert found["total"] == 0
        assert {facet["count"] for facet in found["facets"]["genres"] if facet["value"] == genre} == {0}
        found["facets"]["genres"] = [facet for facet in found["facets"]["genres"] if facet["value"] != genre]
    shows_nothing_above(truth, found, band)
    above = {higher.code for higher in AgeBand if higher > band}
    assert {facet["count"] for facet in found["facets"]["age_bands"] if facet["value"] in above} <= {0}


def recommendations(truth: Library, asker: Asker, number: int) -> None:
    reader = asker.reader or 0
    data = _got(truth, f"readers/{reader_key(reader)}/recommendations", Asker(), limit=50)
    shows_nothing_above(truth, data, truth.readers[reader])


def home(truth: Library, asker: Asker, number: int) -> None:
    """With short rows there are many, and with long ones all that may be shown."""
    reader = asker.reader or 0
    for size in (3, 20):
        data = _got(truth, f"readers/{reader_key(reader)}/home", Asker(), limit=size)
        shows_nothing_above(truth, data, truth.readers[reader])


def popular(truth: Library, asker: Asker, number: int) -> None:
    for genre in (None, f"genre-{mark(number)}", "dragons"):
        data = _got(truth, "popular", asker, limit=50, genre=genre)
        assert data["age_band"] == truth.band_of(asker).code
        shows_nothing_above(truth, data, truth.band_of(asker))


def books(truth: Library, asker: Asker, number: int) -> None:
    data = _got(truth, "books", asker, page_size=100)
    shows_nothing_above(truth, data, truth.band_of(asker))
    assert {item["key"] for item in data["items"]} == {key(seen) for seen in truth.visible(truth.band_of(asker))}


def one_book(truth: Library, asker: Asker, number: int) -> None:
    """A book above the band is as unknown as one that never was."""
    for path in (f"books/{key(number)}", f"books/{key(number)}/similar"):
        if number in truth.visible(truth.band_of(asker)):
            shows_nothing_above(truth, _got(truth, path, asker), truth.band_of(asker))
            continue
        answer = truth.api.get(ASKED_FROM + path, **asker.query)
        assert ("reader" in answer.json()["fields"]) == (asker.stranger is not None)
        never = truth.api.get(ASKED_FROM + path.replace(key(number), "never"), **asker.query)
        assert answer.status_code == never.status_code == 404
        assert answer.content.replace(key(number).encode(), b"never") == never.content


# By the route in the URLconf: an endpoint that shows books to readers and is not here fails a test.
QUESTIONS: dict[str, tuple[Ask, ...]] = {
    "suggest": (suggest,),
    "search": (search, search_filtered),
    r"^readers/(?P<key>[A-Za-z0-9_-]{1,64})/recommendations\Z": (recommendations,),
    r"^readers/(?P<key>[A-Za-z0-9_-]{1,64})/home\Z": (home,),
    r"^books/(?P<key>[A-Za-z0-9._-]{1,64})/similar\Z": (one_book,),
    r"^popular\Z": (popular,),
    "books": (books,),
    "books/<str:key>": (one_book,),
}
ALL = sorted({ask for asks in QUESTIONS.values() for ask in asks}, key=lambda ask: ask.__name__)

OF_ONE_READER = {recommendations, home}

bands = st.sampled_from(AgeBand)
some_readers, some_books = st.integers(0, FEW - 1), st.integers(0, FEW - 1)
askers = st.builds(Asker, reader=st.none() | some_readers, age_band=st.none() | bands) | st.builds(
    Asker, age_band=st.none() | bands, stranger=st.sampled_from(STRANGERS)
)
kinds_of_acts = st.sampled_from(["opened", "started", "finished", "rated", "liked", "hidden"])
changes = st.one_of(
    st.tuples(st.just("put_book"), some_books, bands),
    st.tuples(st.just("delete_book"), some_books),
    st.tuples(st.just("put_reader"), some_readers, bands),
    st.tuples(st.just("act"), some_readers, some_books, kinds_of_acts),
)
steps = st.lists(st.tuples(changes, st.sampled_from(ALL), askers, some_books, st.booleans()), min_size=1, max_size=8)


@contextmanager
def undone() -> Iterator[None]:
    """Afterwards everything is as before, also what this process and the working copy of the index remember."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    _forget()


def _forget() -> None:
    reset_shelf()
    reset_live_artifacts()
    shutil.rmtree(copies_folder(), ignore_errors=True)


def check(truth: Library, steps: list[Any], *, indexed: bool) -> None:
    """After each change one question at once, and after all of them every question of several askers."""
    for (name, *arguments), ask, asker, number, catches_up in steps:
        getattr(truth, name)(*arguments)
        if name == "put_reader":
            asker = Asker(reader=arguments[0])
        ask(truth, asker, number)
        if indexed and catches_up:
            apply_changes()
            reset_live_artifacts()  # as if half a second went by
            ask(truth, asker, number)
    last = steps[-1][3]
    for asker in (Asker(), Asker(reader=2), Asker(reader=FEW - 1), steps[-1][2]):
        for ask in ALL:
            ask(truth, asker, last)


@pytest.fixture
def truth(api: ApiClient, monkeypatch: pytest.MonkeyPatch, seals: Seals) -> Iterator[Library]:
    """A full library without any model or index."""
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    seals.open(library.fill)
    _forget()
    yield Library(api)
    _forget()


@pytest.fixture
def served(truth: Library, seals: Seals, tmp_path: Path) -> Library:
    """The same with a live model and a live index."""
    library.register_passable_kinds()
    seals.open(library.make_live, files=tmp_path)
    assert truth.api.get("/api/v1/search").json()["fallback"] is None
    assert truth.api.get("/api/v1/popular").json()["fallback"] is None
    return truth


class TestAgeGate:
    def test_every_endpoint_that_shows_books_is_asked(self) -> None:
        routes = {
            route.removeprefix("api/v1/")
            for (method, route), scope in routed_scopes().items()
            if method == "GET" and scope in READER_FACING
        }
        assert routes == set(QUESTIONS)

    @slow
    @given(steps=steps)
    def test_holds_after_any_changes_without_model_and_index(self, truth: Library, steps: list[Any]) -> None:
        with undone():
            check(Library(truth.api), steps, indexed=False)

    @slow
    @given(steps=steps)
    def test_holds_after_any_changes_with_a_model_and_an_index(self, served: Library, steps: list[Any]) -> None:
        with undone():
            check(Library(served.api), steps, indexed=True)

    def test_each_band_is_shown_all_that_it_may_see(self, served: Library) -> None:
        for band in AgeBand:
            found = served.api.get("/api/v1/books", age_band=band.code, page_size=100).json()
            assert found["total"] == BOOKS // len(AgeBand) * (band + 1)

    def test_a_reader_cannot_ask_above_the_own_band(self, served: Library) -> None:
        for ask in ALL:
            for number in range(FEW):
                ask(served, Asker(reader=1, age_band=AgeBand.ADULT), number)

    @pytest.mark.parametrize("stranger", STRANGERS)
    def test_who_is_not_known_is_taken_for_the_youngest(self, served: Library, stranger: str) -> None:
        for ask in ALL:
            for number in range(FEW):
                ask(served, Asker(stranger=stranger, age_band=AgeBand.ADULT), number)

    def test_a_reader_who_was_erased_is_taken_for_the_youngest(self, served: Library) -> None:
        grown_up = reader_key(5)
        assert served.api.get("/api/v1/popular", reader=grown_up).json()["age_band"] == "adult"
        assert served.api.delete(f"/api/v1/readers/{grown_up}").status_code == 200
        for ask in ALL:
            ask(served, Asker(stranger=grown_up, age_band=AgeBand.ADULT), 0)
        for path in ("recommendations", "home"):
            assert served.api.get(f"{ASKED_FROM}readers/{grown_up}/{path}").status_code == 404

    @pytest.mark.parametrize("written", ["genre-{}", "GENRE-{}", "Genre-{}"])
    def test_a_genre_of_a_hidden_book_is_not_told_from_one_that_never_was(self, served: Library, written: str) -> None:
        """Whatever case it is written in: the spelling that is stored is not said to who may not see the book."""
        for band in AgeBand:
            for number in range(FEW):
                genre = written.format(mark(number).upper())
                found = served.api.get("/api/v1/search", genres=[genre], age_band=band.code).json()
                said = {facet["value"] for facet in found["facets"]["genres"] if facet["selected"]}
                visible = number in served.visible(band)
                assert (found["total"], said) == ((1, {f"genre-{mark(number)}"}) if visible else (0, {genre}))

    @pytest.mark.parametrize("highest", [AgeBand.AGES_0_TO_5, AgeBand.AGES_9_TO_11])
    def test_a_public_key_is_never_answered_above_its_highest_band(
        self, served: Library, highest: AgeBand, client_with: Callable[..., ApiClient]
    ) -> None:
        """With the model and the index, for every band that may be asked for, and for a proven reader who is older."""
        limits = {"highest_band": highest, "requests_per_minute": 1_000_000}
        page = client_with(*PUBLIC_SCOPES, origins=["https://a.example"], **limits)
        truth = PublicLibrary(page, highest=highest)
        bands_asked = (None, AgeBand.AGES_6_TO_8, AgeBand.ADULT)
        for asked, ask, number in product(bands_asked, set(ALL) - OF_ONE_READER, range(FEW)):
            ask(truth, Asker(age_band=asked), number)
        page.headers["X-Reader-Token"] = issue_reader_token(reader_key(5), seconds=900, now=timezone.now()).token
        for path in ("recommendations", "home"):
            answer = page.get(f"{ASKED_FROM}readers/{reader_key(5)}/{path}", limit=20)
            assert answer.status_code == 200
            shows_nothing_above(truth, answer.json(), highest)

    def test_who_names_nobody_is_taken_for_the_youngest(self, served: Library) -> None:
        assert served.api.get("/api/v1/popular").json()["age_band"] == "0-5"
        for ask in ALL:
            ask(served, Asker(), 0)

    def test_a_spelling_is_offered_from_books_that_may_be_shown_only(self, served: Library) -> None:
        misspelt = mark(5)[:-1] + "x"  # a word of a book for adults
        for band in AgeBand:
            for path in ("search", "suggest"):
                offered = served.api.get(f"/api/v1/{path}", q=misspelt, age_band=band.code).json()["did_you_mean"]
                # Another word is two letters from it, which is near enough.
                assert offered in {None, *(mark(number) for number in served.visible(band))}
                assert offered == mark(5) or band is not AgeBand.ADULT
