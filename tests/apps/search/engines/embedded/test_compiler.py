"""tantivy against an engine that looks at every book: what is found, and in which order."""

from itertools import pairwise

import pytest
from tantivy import Query

from apps.search.engines.embedded.compiler import for_audience
from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.engines.protocol import IndexedBook
from epicml.audience.bands import AgeBand
from epicml.search.clauses import Best, Clause, Every, Field, Fuzzy, Relevance, Term
from epicml.search.engine import ClauseQuery
from epicml.search.fields import BookText
from epicml.search.plan import Typed, by_name, completion
from tests.apps.search import library
from tests.apps.search.engines.embedded.indexes import made
from tests.epicml.search.interpreter import Interpreter

BOOKS = [
    IndexedBook(
        id=number,
        text=BookText(book.title, book.authors, book.series, book.series_number),
        age_band=book.age_band,
        popularity=book.ratings_count,
    )
    for number, book in enumerate(library.books(), start=1)
]
EVERY_BOOK = Interpreter({book.id: (book.text, float(book.popularity)) for book in BOOKS})
TYPED = ("h", "ha", "harry p", "the ", "the h", "dragon", "dahl ", "rowling a", "it", "hunger games", "1984", "a b")
CLAUSES: tuple[Clause, ...] = (
    Term(Field.WORD, "dragon"),
    Term(Field.AUTHOR, "roald_d", 1.5),
    Term(Field.SERIES, "harry_potter_"),
    Term(Field.WORD, "zzz"),
    Fuzzy(Field.START, "hibbit", edits=1),
    Fuzzy(Field.WORD, "dargon", edits=1),
    Fuzzy(Field.WORD, "harri", edits=2, weight=0.5),
    Fuzzy(Field.START, "the_gruffolo", edits=2),
    Best([Term(Field.START, "ha", 20.0), Term(Field.WORD, "the_", 2.0), Term(Field.AUTHOR, "j_k", 1.5)]),
    Best([]),
    Every([Term(Field.WORD, "harry_"), Term(Field.WORD, "and_")], 0.6),
    Every([Best([Term(Field.WORD, "dragon"), Term(Field.WORD, "harry", 0.5)]), Term(Field.WORD, "the")]),
    Relevance(Field.STEM, ("dragon", "the"), every=True),
    Relevance(Field.STEM, ("dragon", "fox", "zzz"), every=False),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedEngine:
    return made(tmp_path_factory.mktemp("compiler"), BOOKS)


def hits(engine: EmbeddedEngine, clause: Clause, *, audience: AgeBand = AgeBand.ADULT) -> list[int]:
    return list(engine.execute([ClauseQuery(clause, 100, audience)])[0].ids)


def assert_in_order(engine: EmbeddedEngine, clause: Clause) -> None:
    """Scores never rise along the engine's list; it may order books apart whose scores are the same in 32 bits."""
    scores = EVERY_BOOK.scores(clause)
    found = [scores[book] for book in hits(engine, clause)]
    assert len(found) == len(scores)
    assert all(after <= before * (1 + 1e-6) for before, after in pairwise(found)), clause


class TestClauses:
    @pytest.mark.parametrize("clause", CLAUSES, ids=str)
    def test_finds_just_the_books_that_are_meant(self, engine: EmbeddedEngine, clause: Clause) -> None:
        found = hits(engine, clause)
        assert sorted(found) == sorted(EVERY_BOOK.find(clause, 100))

    @pytest.mark.parametrize("clause", [clause for clause in CLAUSES if not isinstance(clause, Relevance)], ids=str)
    def test_orders_them_by_weight_and_popularity(self, engine: EmbeddedEngine, clause: Clause) -> None:
        assert_in_order(engine, clause)

    @pytest.mark.parametrize("text", TYPED)
    def test_completes_as_the_plan_says(self, engine: EmbeddedEngine, text: str) -> None:
        assert_in_order(engine, completion(Typed.read(text)))
        assert_in_order(engine, by_name(Typed.read(text)))

    def test_adds_the_weights_of_parts_that_differ(self, engine: EmbeddedEngine) -> None:
        # A book with the heavier of two spellings comes first, popularity being nearly the same.
        clause = Every(
            [Best([Term(Field.WORD, "secrets_", 0.2), Term(Field.WORD, "azkaban_")]), Term(Field.WORD, "harry_")]
        )
        keys = [library.books()[book - 1].key for book in hits(engine, clause)]
        assert keys == ["potter3", "potter2"]


class TestForAudience:
    def test_changes_nothing_for_adults(self) -> None:
        query = Query.all_query()
        assert for_audience(query, AgeBand.ADULT) is query

    def test_keeps_the_order_of_the_books_that_are_left(self, engine: EmbeddedEngine) -> None:
        clause = completion(Typed.read("h"))
        everyone = hits(engine, clause)
        for band in AgeBand:
            allowed = [book for book in everyone if BOOKS[book - 1].age_band <= band]
            assert hits(engine, clause, audience=band) == allowed
