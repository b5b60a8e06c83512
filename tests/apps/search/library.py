"""A small library whose answers can be worked out by eye: real titles, every age band, two languages."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from apps.catalog.selectors.books import all_book_ids
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.kinds import Audit, BuildContext, register_kind
from apps.search.services.building import BuiltIndex, Library
from apps.search.services.releasing import SEARCH_INDEX, rebuild_index
from epicml.audience.bands import AgeBand
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.report import Measure, Report

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

# fmt: off
# key, title, author, series, place in it, age band, reading level, language, genres, popularity
_ROWS = (
    ("hungry", "The Very Hungry Caterpillar", "Eric Carle", None, None, 0, 1, "en", "picture-books animals", 300_000),
    ("wild", "Where the Wild Things Are", "Maurice Sendak", None, None, 0, 1, "en", "picture-books", 600_000),
    ("gruffalo", "The Gruffalo", "Julia Donaldson", None, None, 0, 2, "en", "picture-books animals", 200_000),
    ("grueffelo", "Der Grüffelo", "Julia Donaldson", None, None, 0, 2, "de", "picture-books animals", 9_000),
    ("fox", "Fantastic Mr. Fox", "Roald Dahl", None, None, 1, 3, "en", "animals classics", 150_000),
    ("matilda", "Matilda", "Roald Dahl", None, None, 1, 4, "en", "classics school", 500_000),
    ("web", "Charlotte's Web", "E.B. White", None, None, 1, 4, "en", "animals classics", 900_000),
    ("dragons1", "Dragon Masters (Dragon Masters, #1)", "Tracey West",
     "Dragon Masters", 1, 1, 3, "en", "fantasy", 4_000),
    ("dragons2", "Saving the Sun Dragon", "Tracey West", "Dragon Masters", 2, 1, 3, "en", "fantasy", 3_000),
    ("train", "How to Train Your Dragon", "Cressida Cowell", None, None, 2, 5, "en", "fantasy humor", 80_000),
    ("holes", "Holes", "Louis Sachar", None, None, 2, 5, "en", "school adventure", 719_000),
    ("hobbit", "The Hobbit", "J.R.R. Tolkien", None, None, 2, 7, "en", "fantasy classics", 2_000_000),
    ("potter1", "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)", "J.K. Rowling",
     "Harry Potter", 1, 2, 6, "en", "fantasy magic", 4_000_000),
    ("potter2", "Harry Potter and the Chamber of Secrets (Harry Potter, #2)", "J.K. Rowling",
     "Harry Potter", 2, 2, 6, "en", "fantasy magic", 1_800_000),
    ("potter3", "Harry Potter and the Prisoner of Azkaban (Harry Potter, #3)", "J.K. Rowling",
     "Harry Potter", 3, 2, 6, "en", "fantasy magic", 1_900_000),
    ("potter1-de", "Harry Potter und der Stein der Weisen", "J.K. Rowling",
     "Harry Potter", 1, 2, 6, "de", "fantasy magic", 20_000),
    ("harold", "Harold and the Purple Crayon", "Crockett Johnson", None, None, 0, 1, "en", "picture-books", 100_000),
    ("harriet", "Harriet the Spy", "Louise Fitzhugh", None, None, 2, 5, "en", "mystery", 70_000),
    ("momo", "Momo", "Michael Ende", None, None, 3, 6, "de", "fantasy classics", 40_000),
    ("dont", "Don't Let the Pigeon Drive the Bus!", "Mo Willems",
     None, None, 0, 1, "en", "picture-books humor", 90_000),
    ("miserables", "Les Misérables", "Victor Hugo", None, None, 5, 11, "en", "classics", 550_000),
    ("fault", "The Fault in Our Stars", "John Green", None, None, 4, 8, "en", "romance", 2_300_000),
    ("games", "The Hunger Games (The Hunger Games, #1)", "Suzanne Collins",
     "The Hunger Games", 1, 3, 8, "en", "dystopia", 4_700_000),
    ("fire", "Catching Fire (The Hunger Games, #2)", "Suzanne Collins",
     "The Hunger Games", 2, 3, 8, "en", "dystopia", 1_900_000),
    ("tattoo", "The Girl with the Dragon Tattoo", "Stieg Larsson",
     "Millennium", 1, 5, 10, "en", "mystery", 1_800_000),
    ("shining", "The Shining", "Stephen King", None, None, 5, 10, "en", "horror", 700_000),
    ("it", "It", "Stephen King", None, None, 5, 10, "en", "horror", 480_000),
    ("italy", "Italy for Children", "Rosa Bianchi", None, None, 1, None, "und", "travel", 600),
    ("1984", "1984", "George Orwell", None, None, 5, 10, "en", "dystopia classics", 1_900_000),
    ("quiet", "A Book without Readers", "Nobody Knows", None, None, 1, None, "und", "", 5),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class LibraryBook(BookInput):
    """A book of which everything is said that a test asks for."""

    title: str = ""
    authors: tuple[str, ...] = ()
    series: str | None = None
    series_number: float | None = None
    age_band: AgeBand = AgeBand.ADULT
    language: str = ""
    genres: tuple[str, ...] = ()
    ratings_count: int = 0


def books() -> list[LibraryBook]:
    """Every book of the library."""
    return [
        LibraryBook(
            key=key,
            title=title,
            authors=(author,),
            series=series,
            series_number=number,
            age_band=AgeBand(band),
            reading_level=level,
            language=language,
            genres=tuple(genres.split()),
            ratings_count=popularity,
        )
        for key, title, author, series, number, band, level, language, genres, popularity in _ROWS
    ]


def fill() -> None:
    """The catalogue has every book of the library."""
    save_books(books(), now=NOON)


def plain(text: str) -> list[str]:
    """The words of a text as the titles here need it, told apart from the product's own normal form."""
    letters = unicodedata.normalize("NFD", text.lower().replace("'", ""))
    return re.findall("[a-z0-9]+", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def main_title(book: LibraryBook) -> str:
    """The title without the note of its series."""
    return book.title.partition(" (")[0]


def register_quick_kind() -> None:
    """The index's own build with a gate that only counts books: typing 200 titles out takes most of a second."""
    rule = GateRule("books", "books", Bound.AT_LEAST, 1)

    def evaluate(context: BuildContext, library: Library, audit: Audit, built: BuiltIndex) -> Report:
        return Report("counted", (Measure("books", "Books", len(library.cards)),))

    register_kind(replace(SEARCH_INDEX, evaluate=evaluate, rules=(rule,)))


def rebuild(*, promote: bool = True, now: datetime = NOON) -> ReleaseRow:
    """A new index of the catalogue as it is."""
    return rebuild_index(created_by="ada", why="a test", clock=lambda: now, promote=promote)


def keys_of(ids: Sequence[int]) -> list[str]:
    """The keys of the books with these ids, in their order."""
    keys = {book_id: key for key, book_id in all_book_ids().items()}
    return [keys.get(book_id, f"unknown {book_id}") for book_id in ids]
