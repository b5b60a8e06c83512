"""What every engine keeps to when it executes batches, the same for all: a new one needs only its place in `searching`.

Equal between engines: which books a clause finds, and the order where weights are constant. A Relevance clause finds
the same books, in an order of the engine's own.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import delete_books, save_books
from apps.search.engines.database import book_text
from epicml.audience.bands import AgeBand
from epicml.search.clauses import Best, Clause, Every, Field, Fuzzy, Relevance, Term
from epicml.search.engine import ClauseQuery, Engine, Hits
from tests.apps.search.library import NOON, books, keys_of
from tests.apps.search.searching import Searching
from tests.epicml.search.interpreter import Interpreter

BOOKS = {book.key: book for book in books()}
# Of each kind, on each field.
CLAUSES: tuple[Clause, ...] = (
    *(Term(field, "harry") for field in Field),
    *(Term(field, "the_", 0.5) for field in Field),
    *(Fuzzy(field, "hary_", edits=1) for field in Field),
    *(Fuzzy(Field.START, text, edits=2) for text in ("the_gruffolo", "hibbitt", "zzzzzzz")),
    *(Relevance(Field.STEM, ("dragon", "the"), every=every) for every in (True, False)),
    Term(Field.EXACT, "holes_"),
    Term(Field.VARIANT, "gruffalo__"),
    Term(Field.VARIANT, "nineteen_ei"),
    Term(Field.INNER, "potter_and_t"),
    Term(Field.AUTHOR, "roald_d", 1.5),
    Term(Field.SERIES, "hunger_g"),
    Fuzzy(Field.WORD, "dargon_", edits=1, weight=0.7),
    Best([]),
    Best([Term(Field.START, "ha", 20.0), Term(Field.WORD, "the_", 2.0), Term(Field.AUTHOR, "j_k", 1.5)]),
    Every([Term(Field.WORD, "harry_"), Term(Field.WORD, "and_", 0.4)], 0.6),
    Every([Best([Term(Field.WORD, "dragon"), Term(Field.WORD, "harry", 0.5)]), Term(Field.WORD, "the_")], 3.0),
    Every([Term(Field.WORD, "harry_"), Term(Field.WORD, "zzz_")]),
    Best([Every([Term(Field.WORD, "harry_"), Term(Field.WORD, "stone_")]), Fuzzy(Field.START, "hoels", edits=1)]),
)
ODD = ("", " ", "\0", "zzz", "a_b\0c", "\U0010ffff", "x" * 500, "*", "/h.*/", "AND", "\N{PILE OF POO}", "é", "源")


def ask(engine: Engine, clause: Clause, *, limit: int = 100, band: AgeBand = AgeBand.ADULT) -> Hits:
    return engine.execute([ClauseQuery(clause, limit, band)])[0]


def ids(engine: Engine, clause: Clause, *, limit: int = 100, band: AgeBand = AgeBand.ADULT) -> list[int]:
    return list(ask(engine, clause, limit=limit, band=band).ids)


def save(key: str, **changes: object) -> None:
    save_books([replace(BOOKS[key], **changes)], now=NOON)  # type: ignore[arg-type]


def every_book() -> Interpreter:
    """An engine that looks at each book of the catalogue for each clause."""
    return Interpreter(
        {card.id: (book_text(card), float(card.popularity)) for card in shelf().cards},
        {card.id: card.age_band for card in shelf().cards},
    )


class TestEveryEngine:
    def test_finds_just_what_a_clause_means(self, searching: Searching) -> None:
        engine, expected = searching.engine().engine, every_book()
        for clause in CLAUSES:
            assert sorted(ids(engine, clause)) == sorted(expected.find(clause, 100)), clause

    def test_scores_and_orders_as_the_clause_says(self, searching: Searching) -> None:
        engine, expected = searching.engine().engine, every_book()
        for clause in CLAUSES:
            if isinstance(clause, Relevance):
                continue
            hits, wanted = ask(engine, clause), expected.hits(ClauseQuery(clause, 100))
            assert list(hits.scores) == pytest.approx(list(wanted.scores), rel=1e-5), clause
            assert list(hits.ids) == list(wanted.ids), clause

    def test_never_lets_a_score_rise(self, searching: Searching) -> None:
        engine = searching.engine().engine
        for clause in CLAUSES:
            scores = list(ask(engine, clause).scores)
            assert scores == sorted(scores, reverse=True), clause

    def test_shows_no_audience_a_book_above_its_band(self, searching: Searching) -> None:
        engine, bands = searching.engine().engine, {card.id: card.age_band for card in shelf().cards}
        for clause in CLAUSES:
            everyone = ids(engine, clause)
            for band in AgeBand:
                assert ids(engine, clause, band=band) == [book for book in everyone if bands[book] <= band], clause

    def test_keeps_to_the_limit_with_the_best(self, searching: Searching) -> None:
        engine = searching.engine().engine
        for clause in CLAUSES:
            everything = ids(engine, clause)
            for limit in (1, 2, 5):
                assert ids(engine, clause, limit=limit) == everything[:limit], clause

    def test_answers_a_batch_in_its_order_as_one_by_one(self, searching: Searching) -> None:
        engine = searching.engine().engine
        asks = [ClauseQuery(clause, 3, band) for clause in CLAUSES for band in (AgeBand.ADULT, AgeBand.AGES_6_TO_8)]
        answers = engine.execute(asks)
        assert len(answers) == len(asks)
        for hits, each in zip(answers, asks, strict=True):
            alone = engine.execute([each])[0]
            assert (list(hits.ids), list(hits.scores)) == (list(alone.ids), list(alone.scores))

    def test_answers_nothing_to_an_empty_batch(self, searching: Searching) -> None:
        assert len(searching.engine().engine.execute([])) == 0

    def test_takes_any_token_for_one_that_may_be_unknown(self, searching: Searching) -> None:
        engine, expected = searching.engine().engine, every_book()
        for token in ODD:
            for field in Field:
                wanted = sorted(expected.find(Term(field, token), 100))
                assert sorted(ids(engine, Term(field, token))) == wanted, (field, token)
                ids(engine, Fuzzy(field, token or "a", edits=1))
            assert ids(engine, Relevance(Field.STEM, (token, "holes"), every=True)) == []
        assert len(ids(engine, Term(Field.WORD, "holes_"))) == 1  # it answers on

    def test_orders_equal_scores_by_id_whatever_was_written_last(self, searching: Searching) -> None:
        twins = [replace(BOOKS["quiet"], key=f"twin-{number}", title=f"Zebra {number}") for number in range(12)]
        save_books(twins, now=NOON)
        save_books([replace(twins[0], title="Zebra Again"), replace(twins[3], title="Zebra Also")], now=NOON)
        engine = searching.engine().engine
        everything = ids(engine, Term(Field.WORD, "zebra_"))
        assert everything == sorted(everything)
        assert len(everything) == 12
        for limit in (1, 4, 11):
            assert ids(engine, Term(Field.WORD, "zebra_"), limit=limit) == everything[:limit]

    def test_orders_by_popularity_where_the_score_is_too_coarse_to(self, searching: Searching) -> None:
        for number, popularity in enumerate((4_780_653, 4_780_655, 4_780_654)):
            save_books(
                [replace(BOOKS["quiet"], key=f"near-{number}", title="Zebra", ratings_count=popularity)], now=NOON
            )
        found = ids(searching.engine().engine, Term(Field.WORD, "zebra_"))
        assert keys_of(found) == ["near-1", "near-2", "near-0"]

    def test_knows_a_changed_book_as_it_is_now(self, searching: Searching) -> None:
        searching.engine()
        save("holes", title="Zebra Crossing")
        save("shining", age_band=AgeBand.AGES_0_TO_5)
        delete_books(["momo"], now=NOON)
        engine, expected = searching.engine().engine, every_book()
        for token in ("zebra_", "holes_", "momo_", "shining_"):
            for band in (AgeBand.AGES_0_TO_5, AgeBand.ADULT):
                wanted = list(expected.hits(ClauseQuery(Term(Field.WORD, token), 9, band)).ids)
                assert ids(engine, Term(Field.WORD, token), band=band) == wanted, token

    def test_is_in_another_state_once_something_changed(self, searching: Searching) -> None:
        before = searching.engine().engine.state
        assert searching.engine().engine.state is before
        save("holes", title="Zebra Crossing")
        assert searching.engine().engine.state is not before

    def test_answers_many_threads_alike(self, searching: Searching) -> None:
        engine = searching.engine().engine
        expected = [ids(engine, clause) for clause in CLAUSES]

        def all_of_them(_: int) -> Sequence[Sequence[int]]:
            return [list(hits.ids) for hits in engine.execute([ClauseQuery(clause, 100) for clause in CLAUSES])]

        with ThreadPoolExecutor(4) as pool:
            assert all(answer == expected for answer in pool.map(all_of_them, range(8)))

    def test_has_nothing_without_books(self, searching: Searching) -> None:
        delete_books(list(BOOKS), now=NOON)
        engine = searching.engine().engine
        assert [ids(engine, clause) for clause in CLAUSES] == [[]] * len(CLAUSES)
