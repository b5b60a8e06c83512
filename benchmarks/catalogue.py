"""What the catalogue in memory takes, and what the first request after one changed book costs beside the next.

`python -m benchmarks.catalogue`; `--books 10000 100000` says how large the made catalogues are. Each size is measured
in a process of its own, without HTTP.
"""

import argparse
import gc
import json
import random
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.manage import manage
from benchmarks.report import heading, row

if TYPE_CHECKING:
    from apps.recommendations.serving import LoadedModel

SIZES = (10_000, 100_000)
MOST_EXTRA_MS = 5.0
MOST_MB = 15.0  # per 100,000 books
BEFORE_EXTRA_MS = {10_000: 77, 100_000: 541}  # as objects, rebuilt after every change
BEFORE_MB = 49
CHANGES = 15  # each is one book; the middle of so many first requests counts
READER = "R-benchmark"
READ = 20
AT_ONCE = 10_000  # books of one large change
RATINGS_A_BOOK = 4
SHOWN = 6000  # books that were on lists before the memory is measured
SYLLABLES = ("owl", "dra", "sil", "moon", "har", "win", "stone", "ri", "gar", "sto", "qui", "night", "gon", "ver")


def main(arguments: Sequence[str] | None = None) -> None:
    """Make a catalogue of each size, and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--books", type=int, nargs="+", default=SIZES)
    chosen = parser.parse_args(arguments)
    heading("The catalogue in memory")
    for books in chosen.books:
        with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
            var = Path(folder)
            manage(var, "migrate", "-v0")
            _run(var, f"make({books})")
            _run(var, "make_index()")
            _report(books, json.loads(_run(var, "measure()").splitlines()[-1]))


def _run(var: Path, call: str) -> str:
    return manage(var, "shell", "-v0", "-c", f"from benchmarks import catalogue; catalogue.{call}")


def _report(books: int, measured: Mapping[str, Any]) -> None:
    print(f"  {books:,} books")
    for name, (first, following) in measured["surfaces"].items():
        row(
            f"{name}: first after one change",
            f"{first:.2f} ms",
            compared_with=f"next {following:.2f} ms: {first - following:+.2f}, was {BEFORE_EXTRA_MS.get(books, 0)}",
            target=f"at most {MOST_EXTRA_MS:g} ms more",
            met=first - following <= MOST_EXTRA_MS,
        )
    for name in ("resident", "traced"):
        megabytes = measured[name] / 1e6 / (books / 100_000)
        row(
            f"memory per 100,000 books, {name}",
            f"{megabytes:.1f} MB",
            compared_with=f"as objects {BEFORE_MB} MB: {megabytes / BEFORE_MB:.2f}",
            target=f"under {MOST_MB:g} MB",
            met=megabytes < MOST_MB if books == max(SIZES) else None,  # of few books most is what any number takes
        )
    row("first of all: every book is read", f"{measured['load']:.0f} ms")
    row(
        f"{min(AT_ONCE, books):,} changed books: the request that reads",
        f"{measured['large'][0]:.0f} ms",
        compared_with=f"others meanwhile wait {measured['large'][1]:.0f} ms at most",
    )


def make(books: int) -> None:
    """Store books whose titles, authors, series and genres are as long and as often shared as those of real ones."""
    from django.utils import timezone

    from apps.catalog.models import Author, Book, Change, Series

    drawn, now = random.Random(1), timezone.now()
    authors = Author.objects.bulk_create(Author(name=f"{_name(drawn, 2, 2)} {n}") for n in range(books * 2 // 5))
    series = Series.objects.bulk_create(Series(name=f"{_name(drawn, 2, 3)} {n}") for n in range(books // 8))
    genres = [f"{_name(drawn, 1, 1)} {n}" for n in range(100)]
    rows = (Book(**_fields(drawn, n, series=series, genres=genres), updated_at=now) for n in range(books))
    made = Book.objects.bulk_create(rows, batch_size=2000)
    _name_authors_and_isbns(drawn, made, authors)
    Change.objects.create(book=made[0], kind="upsert", at=now)


def _name(drawn: random.Random, least: int, most: int) -> str:
    return " ".join("".join(drawn.choices(SYLLABLES, k=2)).title() for _ in range(drawn.randint(least, most)))


def _fields(drawn: random.Random, n: int, *, series: Sequence[Any], genres: Sequence[str]) -> dict[str, Any]:
    return {
        "key": f"{n:08}",
        "title": _name(drawn, 2, 6),
        "age_band": drawn.randrange(6),
        "reading_level": drawn.choice([None, *range(1, 13)]),
        "language": drawn.choice(["en"] * 8 + ["de", "und"]),
        "published_year": drawn.randint(1900, 2026),
        "series": drawn.choice(series) if n % 5 < 2 else None,
        "series_number": float(drawn.randint(1, 9)) if n % 5 < 2 else None,
        "genres": drawn.sample(genres, 3),
        "ratings_count": int(drawn.paretovariate(0.7) * 20) % 2**31,
        "average_rating": drawn.randint(200, 500) / 100,
    }


def _name_authors_and_isbns(drawn: random.Random, books: Sequence[Any], authors: Sequence[Any]) -> None:
    """Give each book one author or two, and every other book an ISBN."""
    from stdnum import ean

    from apps.catalog.models import BookAuthor, Isbn

    named = ((book, place) for book in books for place in range(1 + (drawn.random() < 0.2)))
    BookAuthor.objects.bulk_create(
        (BookAuthor(book=book, author=drawn.choice(authors), position=place) for book, place in named), batch_size=5000
    )
    Isbn.objects.bulk_create(
        (Isbn(number=f"978{n:09}{ean.calc_check_digit(f'978{n:09}')}", book=books[n]) for n in range(0, len(books), 2)),
        batch_size=5000,
    )


def make_index() -> None:
    """A search index that is live: made titles are too much alike for the gate, which is not what is measured."""
    from dataclasses import replace

    from django.utils import timezone

    from apps.releases.services.kinds import register_kind, release_kind
    from apps.search.services.releasing import rebuild_index
    from apps.search.serving import KIND
    from epicml.evaluation.gate import Bound, GateRule
    from epicml.evaluation.report import Measure, Report

    rule = GateRule("books", "books", Bound.AT_LEAST, 1)
    report = Report("counted", (Measure("books", "Books", 1),))
    register_kind(replace(release_kind(KIND), evaluate=lambda context, snapshot, audit, fitted: report, rules=(rule,)))
    made = rebuild_index(created_by="benchmark", why="to measure", clock=timezone.now, promote=True)
    if made.state != "live":
        raise RuntimeError(f"The index is {made.state}, so that nothing can be measured on it.")


def measure() -> None:
    """Print what all of it takes in this process, as JSON."""
    from django.utils import timezone

    from apps.catalog.selectors.shelf import reset_shelf, shelf
    from apps.recommendations.serving import models

    model = _model()  # has its memory before the catalogue is measured
    reset_shelf()
    with patch.object(models, "current", lambda now: model), patch.object(models, "warm", lambda now: None):
        _load()  # whatever is imported or cached for good, is
        _forget()
        before, started = _resident(), time.perf_counter()
        _load()
        load = time.perf_counter() - started
        resident = _resident() - before
        _forget()
        tracemalloc.start()
        _load()
        gc.collect()
        traced = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        _make_reader(model)
        surfaces = {name: _first_and_next(ask) for name, ask in _surfaces(timezone.now()).items()}
        large = _large_change(len(shelf()))
    print(
        json.dumps({"resident": resident, "traced": traced, "surfaces": surfaces, "load": load * 1e3, "large": large})
    )


def _load() -> None:
    from django.utils import timezone

    from apps.catalog.selectors.shelf import shelf
    from apps.recommendations.services.lists.candidate_pool import warm
    from apps.search.selectors.facets import Filters, facets_of
    from epicml.audience.bands import AgeBand

    warm(now=timezone.now())
    books = shelf()
    facets_of(books, books.rows_of_ids(books.ids), Filters())
    for band in AgeBand:
        books.allowed(band)
    for place in range(0, len(books), max(1, len(books) // SHOWN)):  # more than are remembered
        _ = books.cards[place], books.cards.json(place)


def _forget() -> None:
    from apps.catalog.selectors.shelf import reset_shelf
    from apps.recommendations.services.lists.candidate_pool import reset_pool

    reset_shelf()
    reset_pool()


def _resident() -> int:
    """Bytes that this process holds of the machine's memory, after it gave back what it could. Linux only."""
    import ctypes

    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


def _model() -> "LoadedModel":
    """A model of every book but the newest twenty."""
    import numpy as np

    from apps.catalog.selectors.shelf import shelf
    from apps.recommendations.serving import LoadedModel
    from epicml.datasets.features import BookFeatures
    from epicml.datasets.id_map import IdMap
    from epicml.datasets.interactions import Interactions
    from epicml.recommenders.fusion import FusedRecommender

    columns, drawn = shelf().columns, np.random.default_rng(1)
    books = len(columns) - 20
    readers = books // 5
    pairs = np.unique(drawn.integers(0, readers * books, books * RATINGS_A_BOOK))
    facts = Interactions(
        (pairs // books).astype(np.int32),
        (pairs % books).astype(np.int32),
        drawn.integers(1, 6, len(pairs)).astype(np.float32),
        np.arange(len(pairs)),
        n_readers=readers,
        n_books=books,
    )
    features = BookFeatures.of(
        age_band=columns.age_bands[:books],
        popularity=columns.popularity[:books].astype(np.float64),
        series=columns.series[:books],
        series_number=columns.series_numbers[:books].astype(np.float32),
        author=columns.authors.first()[:books],
    )
    fitted = FusedRecommender.fit(facts, features, seed=1, with_lightfm=False)
    return LoadedModel("benchmark", "", fitted, IdMap.of(columns.ids[:books]))


def _make_reader(model: "LoadedModel") -> None:
    """Somebody who read books that the model knows, and a newcomer."""
    from django.utils import timezone

    from apps.events.models import Event
    from apps.readers.models import Reader

    now = timezone.now()
    fields = {"age_band": 5, "languages": ["en"], "created_at": now, "updated_at": now}
    reader = Reader.objects.create(key=READER, **fields)
    Reader.objects.create(key=f"{READER}-new", **fields)
    for place, book in enumerate(model.books.ids[:: len(model.books) // READ].tolist()):
        Event.objects.create(
            event_id=f"e{place}", reader=reader, book_id=book, kind="rated", value=5.0, occurred_at=now, received_at=now
        )


def _surfaces(now: Any) -> dict[str, Callable[[], object]]:
    from apps.catalog.selectors.shelf import shelf
    from apps.recommendations.services import answers
    from apps.search.selectors.facets import Filters
    from apps.search.services.searching import SearchQuestion, search
    from apps.search.services.suggesting import suggest
    from epicml.audience.bands import AgeBand

    card = shelf().cards[len(shelf()) // 2]
    context = SearchQuestion(text="owl", filters=Filters(), page=1, page_size=20, age_band=AgeBand.ADULT)
    return {
        "recommendations": lambda: answers.recommend(READER, limit=10, now=now),
        "home": lambda: answers.home_page(READER, size=20, now=now),
        "home of a newcomer": lambda: answers.home_page(f"{READER}-new", size=20, now=now),
        "popular": lambda: answers.popular(reader_key=f"{READER}-new", age_band=None, genre=None, limit=10, now=now),
        "similar": lambda: answers.similar(card.key, reader_key=None, age_band=AgeBand.ADULT, limit=10, now=now),
        "search with facets": lambda: search(context, now=now),
        "suggest": lambda: suggest(card.title[:4], limit=8, age_band=AgeBand.ADULT, now=now),
    }


def _first_and_next(ask: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the first request after a book changed, and of the next; the middle of several changes."""
    ask()
    firsts, following = [], []
    for _ in _changing():
        firsts.append(_milliseconds(ask))
        following.append(statistics.median(_milliseconds(ask) for _ in range(3)))
    return statistics.median(firsts), statistics.median(following)


def _changing() -> Iterator[int]:
    """Each of several books has another popularity, title and genre by now."""
    from django.utils import timezone

    from apps.catalog.models import Book, Change

    drawn, ids = random.Random(2), list(Book.objects.live().values_list("id", flat=True))
    for number, book in enumerate(drawn.sample(ids, CHANGES)):
        Book.objects.filter(id=book).update(
            title=f"Owl changed {number}", ratings_count=drawn.randrange(10**6), genres=["Changed", f"g{number}"]
        )
        Change.objects.create(book_id=book, kind="upsert", at=timezone.now())
        yield book


def _large_change(books: int) -> tuple[float, float]:
    """Milliseconds of the request that reads many changed books, and the longest that another one waits meanwhile."""
    import threading

    from django.db import connection
    from django.utils import timezone

    from apps.catalog.models import Book, Change
    from apps.catalog.selectors.shelf import shelf

    shelf()
    ids = Book.objects.live().order_by("id").values_list("id", flat=True)[: min(AT_ONCE, books)]
    Change.objects.bulk_create(Change(book_id=book, kind="upsert", at=timezone.now()) for book in list(ids))
    waited: list[float] = []
    took: list[float] = []
    is_read = threading.Event()

    def ask_on() -> None:
        while not is_read.is_set():
            waited.append(_milliseconds(shelf))
        connection.close()

    def read() -> None:
        took.append(_milliseconds(shelf))
        connection.close()

    other = threading.Thread(target=ask_on)
    reading = threading.Thread(target=read)
    reading.start()
    time.sleep(0.002)
    other.start()
    reading.join()
    is_read.set()
    other.join()
    return took[0], max(waited)


def _milliseconds(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1e3


if __name__ == "__main__":
    main()
