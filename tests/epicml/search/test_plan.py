import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.search.clauses import Best, Clause, Every, Field, Relevance, Term
from epicml.search.fields import BookText
from epicml.search.plan import Typed, completion, full_search, names, word_tokens
from tests.epicml.search.interpreter import Interpreter


def terms(clause: Clause) -> dict[Field, Term]:
    """The single terms of a completion, by field."""
    assert isinstance(clause, Best)
    return {part.field: part for part in clause.clauses if isinstance(part, Term)}


class TestTyped:
    @pytest.mark.parametrize(
        ("text", "form", "words", "is_open"),
        [
            ("Harr", "harr", ("harr",), True),
            ("harry ", "harry_", ("harry",), False),
            ("don't l", "dont_l", ("dont", "l"), True),
            ("Émile!", "emile_", ("emile",), False),
            ("  the   hob", "the_hob", ("the", "hob"), True),
            ("", "", (), True),
            (' +-"()*:^~[]{} ', "", (), True),
            ("AND OR", "and_or", ("and", "or"), True),
        ],
    )
    def test_reads_a_search_box(self, text: str, form: str, words: tuple[str, ...], is_open: bool) -> None:
        assert Typed.read(text) == Typed(form=form, words=words, is_open=is_open)

    @given(st.text(max_size=30))
    def test_always_has_as_many_words_as_its_form(self, text: str) -> None:
        typed = Typed.read(text)
        assert "_".join(typed.words) == typed.form.removesuffix("_")
        assert all(typed.words)


class TestCompletion:
    def test_weighs_the_whole_title_over_its_start_over_inner_words_over_names_over_any_words(self) -> None:
        clause = completion(Typed.read("owl"))
        weights = [terms(clause)[field].weight for field in (Field.EXACT, Field.START, Field.INNER, Field.AUTHOR)]
        any_words = clause.clauses[-1] if isinstance(clause, Best) else None
        assert isinstance(any_words, Every)
        assert [*weights, any_words.weight] == sorted([*weights, any_words.weight], reverse=True)

    def test_takes_a_title_for_whole_before_the_next_key_is_pressed(self) -> None:
        for text in ("it", "it "):
            assert terms(completion(Typed.read(text)))[Field.EXACT].token == "it_"

    def test_cuts_what_is_asked_for_to_what_is_indexed(self) -> None:
        found = terms(completion(Typed.read("a" * 40)))
        assert [len(found[field].token) for field in (Field.EXACT, Field.START)] == [30, 24]

    def test_asks_for_inner_words_and_names_only_while_their_keys_are_whole(self) -> None:
        assert {Field.INNER, Field.AUTHOR} <= terms(completion(Typed.read("a" * 12))).keys()
        assert {Field.INNER, Field.AUTHOR}.isdisjoint(terms(completion(Typed.read("a" * 13))).keys())

    def test_puts_any_start_of_a_title_before_the_most_popular_inner_word(self) -> None:
        # 20 * log2(2 + 3) = 46.4 against 2 * log2(2 + 5,000,000) = 44.5
        engine = Interpreter({1: (BookText("The Owl", ["Ann"]), 5_000_000), 2: (BookText("Owl Night", ["Bea"]), 3)})
        assert engine.find(completion(Typed.read("owl")), 2) == [2, 1]

    @given(st.text("abc de", min_size=1, max_size=20), st.integers(1, 20))
    def test_finds_a_book_by_every_beginning_of_its_title(self, title: str, length: int) -> None:
        engine = Interpreter({7: (BookText(title, []), 1)})
        typed = Typed.read(title[:length])
        assert not typed.words or engine.find(completion(typed), 1) == [7]


class TestWordTokens:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("the hob", ["the_", "hob"]),
            ("the hob ", ["the_", "hob_"]),
            ("supercalifragilistic", ["supercalifragil"]),
            ("supercalifragilistic ", ["supercalifragilistic_"]),
        ],
    )
    def test_are_whole_words_and_the_start_of_the_open_one(self, text: str, expected: list[str]) -> None:
        assert word_tokens(Typed.read(text)) == expected


class TestNames:
    def test_asks_authors_and_series_for_the_key(self) -> None:
        assert names(Typed.read("Roald Dahl the")) == Best(
            [Term(Field.AUTHOR, "roald_dahl_t"), Term(Field.SERIES, "roald_dahl_t")]
        )


class TestFullSearch:
    def test_asks_for_all_stems_then_for_any(self) -> None:
        assert full_search("Flying dragons").clauses == (
            Relevance(Field.STEM, ("fly", "dragon"), every=True),
            Relevance(Field.STEM, ("fly", "dragon"), every=False),
        )

    def test_asks_once_for_a_single_word_and_for_words_with_one_stem(self) -> None:
        expected = (Relevance(Field.STEM, ("dragon",), every=True),)
        assert full_search("dragon").clauses == full_search("dragon Dragons dragon").clauses == expected

    def test_puts_what_may_be_meant_between(self) -> None:
        plan = full_search("hary poter", meant=("harry", "potter"))
        assert plan.words == ("hary", "poter", "harry", "potter")
        assert [(clause.tokens, clause.every) for clause in plan.clauses if isinstance(clause, Relevance)] == [
            (("hari", "poter"), True),
            (("harri", "potter"), True),
            (("hari", "poter", "harri", "potter"), False),
        ]

    @pytest.mark.parametrize("text", ["", "   ", "!?", '+-"()*:^~[]{}', "\0"])
    def test_asks_for_nothing_where_there_are_no_words(self, text: str) -> None:
        assert (full_search(text).words, full_search(text).clauses) == ((), ())

    def test_takes_the_syntax_of_query_languages_for_words(self) -> None:
        assert full_search('title:"owl" AND NOT cat*').words == ("title", "owl", "and", "not", "cat")
