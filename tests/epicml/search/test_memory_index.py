from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epicml.search.clauses import Best, Clause, Every, Field, Fuzzy, Relevance, Term
from epicml.search.fields import BookText
from epicml.search.memory_index import MemoryIndex
from tests.epicml.search.interpreter import Interpreter

BOOKS = [
    BookText("The Owl and the Fox", ["Ann Bo"], series="Owls", series_number=2, isbns=["9780439023481"]),
    BookText("Owl Babies", ["A. B. Carter"]),
    BookText("Der Geburtstagskuchen", ["Ann Bo"], language="de"),
    BookText("源氏物語", ["紫式部"]),
    BookText("Henry IV: The Antidisestablishmentarianism of the Owl", ["W. Shakespeare"]),
]
EVERY_BOOK = Interpreter({row: (book, 0.0) for row, book in enumerate(BOOKS)})  # log2(2 + 0) is 1
TOKENS = sorted({token for tokens in EVERY_BOOK.tokens.values() for found in tokens.values() for token in found})

terms = st.builds(
    Term, st.sampled_from(Field), st.sampled_from([*TOKENS, "zzz", "x"]), st.sampled_from([0.5, 1.0, 3.0])
)
fuzzies = st.builds(
    Fuzzy, st.sampled_from(Field), st.sampled_from(["owk", "onw_bab", "fix", "carterr", "kuhcen_"]), st.just(1)
)
clauses: st.SearchStrategy[Clause] = st.recursive(
    terms | fuzzies,
    lambda inner: (
        st.builds(Best, st.lists(inner, max_size=3)) | st.builds(Every, st.lists(inner, min_size=1, max_size=3))
    ),
    max_leaves=6,
)


def scored(index: MemoryIndex, clause: Clause) -> dict[int, float]:
    return {row: score for row, score in enumerate(index.scores(clause).tolist()) if score >= 0}


class TestMemoryIndex:
    @settings(max_examples=150)
    @given(clauses, st.integers(0, len(BOOKS)))
    def test_scores_as_an_engine_that_looks_at_every_book(self, clause: Clause, split: int) -> None:
        index = MemoryIndex.of(BOOKS[:split]).adding(BOOKS[split:])
        assert scored(index, clause) == pytest.approx(EVERY_BOOK.scores(clause))

    @pytest.mark.parametrize("every", [True, False])
    @pytest.mark.parametrize("tokens", [("owl",), ("owl", "fox"), ("owl", "zzz"), ("zzz",), ()])
    def test_finds_by_relevance_the_books_that_are_meant(self, tokens: Sequence[str], every: bool) -> None:
        clause = Relevance(Field.STEM, tokens, every=every)
        expected = set(EVERY_BOOK.scores(clause)) if tokens else set()
        assert set(scored(MemoryIndex.of(BOOKS), clause)) == expected

    def test_counts_a_token_by_how_few_books_have_it(self) -> None:
        scores = scored(MemoryIndex.of(BOOKS), Relevance(Field.STEM, ("owl", "fox"), every=False))
        # ln(1 + (5 - 3 + .5) / 3.5) for owl, ln(1 + (5 - 1 + .5) / 1.5) for fox
        assert scores == pytest.approx({0: 0.5390 + 1.3863, 1: 0.5390, 4: 0.5390}, abs=1e-4)

    def test_leaves_out_the_parts_that_others_take_the_place_of(self) -> None:
        index = MemoryIndex.of(BOOKS[:2]).adding(BOOKS[2:3]).adding(BOOKS[3:], after=1)
        assert index.sizes == [2, 2]
        assert scored(index, Term(Field.WORD, "geburtstagskuchen_"[:15])) == {}

    def test_lists_the_words_by_which_books_are_found_whole(self) -> None:
        assert {"owl", "babies", "bo", "kuchen", "antidisestablishmentarianism"} <= MemoryIndex.of(BOOKS).words()
