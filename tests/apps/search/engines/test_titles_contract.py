"""Every title of the demo's shelf typed whole, in part and without accents; what must be found is counted here."""

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.engines.protocol import IndexedBook
from demo.dataset import SHELF, Dataset, rows_of
from epicml.audience.bands import AgeBand
from epicml.search.fields import BookText
from epicml.text.normalise import main_title, series_of
from tests.apps.search.engines.embedded.indexes import made
from tests.apps.search.searching import of_index

SHOWN = 10
PARTS = 4  # of each title, chosen by chance
SEED = 20261127

Ask = Callable[[str], Sequence[int]]


def plain(text: str) -> str:
    """A title as a reader without accents types it, told apart from the product's own normal form."""
    letters = unicodedata.normalize("NFD", text.lower().replace("&", " and "))
    unmarked = "".join(letter for letter in letters if not unicodedata.combining(letter) and letter not in "'’`")
    return " ".join(re.findall(r"[^\W_]+", unmarked))


@dataclass(frozen=True)
class Shelf:
    """The demo's books: what is typed for each, all that each says of itself, and its popularity."""

    engine: EmbeddedEngine
    titles: dict[int, str]
    texts: dict[int, str]
    popularity: dict[int, int]

    @property
    def typeable(self) -> list[tuple[int, str]]:
        """Books whose titles have letters of the Latin alphabet only, and what is typed for them."""
        return [(book, title) for book, title in self.titles.items() if title and title.isascii()]

    def more_popular(self, book: int, start: str) -> int:
        return sum(
            title.startswith(start) and self.popularity[other] > self.popularity[book]
            for other, title in self.titles.items()
        )


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    rows = list(rows_of(Dataset.in_folder(SHELF).books))
    assert len(rows) == 1475
    books = [indexed(row) for row in rows]
    return Shelf(
        engine=made(tmp_path_factory.mktemp("shelf"), books),
        titles={book.id: plain(main_title(book.text.title)) for book in books},
        texts={book.id: plain(f"{book.text.title} {' '.join(book.text.authors)}") for book in books},
        popularity={book.id: book.popularity for book in books},
    )


def indexed(row: dict[str, str]) -> IndexedBook:
    series = series_of(row["title"])
    text = BookText(
        title=row["title"],
        authors=row["authors"].split(", "),
        series=series.name if series else None,
        series_number=series.number if series else None,
    )
    return IndexedBook(int(row["book_id"]), text, AgeBand.AGES_0_TO_5, int(row["ratings_count"]))


@pytest.fixture(params=["suggest", "search"])
def ask(request: pytest.FixtureRequest, shelf: Shelf) -> Ask:
    method = getattr(of_index(shelf.engine), request.param)
    return lambda text: method(text, limit=SHOWN).books


class TestEveryTitle:
    def test_is_first_where_it_is_typed_whole(self, shelf: Shelf, ask: Ask) -> None:
        equal: defaultdict[str, list[int]] = defaultdict(list)
        for book, title in shelf.typeable:
            equal[title].append(book)
        assert max(map(len, equal.values())) > 1  # else the order of equal ones would not be tried
        for title, books in equal.items():
            expected = sorted(books, key=lambda book: -shelf.popularity[book])
            for text in (title, title.upper(), f"{title} "):
                assert list(ask(text))[: len(books)] == expected, text

    def test_is_among_the_first_ten_while_at_most_nine_more_popular_ones_begin_so(self, shelf: Shelf, ask: Ask) -> None:
        drawn = random.Random(SEED)
        tried = 0
        for book, title in shelf.typeable:
            for length in drawn.sample(range(1, len(title) + 1), k=min(PARTS, len(title))):
                start = title[:length]
                whole = sum(other == start.strip() for other in shelf.titles.values())
                if shelf.more_popular(book, start) + whole < SHOWN:
                    tried += 1
                    assert book in ask(start), start
        assert tried > 4000

    def test_is_found_by_any_two_of_its_words_begun(self, shelf: Shelf, ask: Ask) -> None:
        """Of words of four letters and more three letters are typed, the later one first."""
        drawn = random.Random(SEED)
        for book, title in drawn.sample(shelf.typeable, k=400):
            long = [word for word in title.split() if len(word) > 3 and not word[:1].isdecimal()]
            if len(long) < 2:
                continue
            first, second = sorted(drawn.sample(range(len(long)), k=2))
            text = f"{long[second][:3]} {long[first][:3]}"
            if self.more_popular_with(shelf, book, text.split()) < SHOWN:
                assert book in ask(text), (text, title)

    @staticmethod
    def more_popular_with(shelf: Shelf, book: int, begun: Sequence[str]) -> int:
        """How many more popular books have words in title, series or a name that begin so."""
        own = shelf.popularity[book]
        return sum(
            shelf.popularity[other] > own and all(re.search(rf"\b{part}", text) for part in begun)
            for other, text in shelf.texts.items()
        )

    def test_that_is_not_latin_is_first_too(self, shelf: Shelf, ask: Ask) -> None:
        others = [row for row in rows_of(Dataset.in_folder(SHELF).books) if not row["title"].isascii()]
        assert len(others) > 10
        for row in others:
            assert ask(main_title(row["title"]))[0] == int(row["book_id"]), row["title"]
