import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.search.clauses import Fuzzy
from epicml.search.completion import complete, respelt
from epicml.search.fields import BookText
from epicml.search.lexicon import Lexicon
from epicml.search.plan import Typed, completion
from tests.epicml.search.interpreter import Interpreter, titled

SHELF = titled(
    "Harry Potter and the Goblet of Fire",
    "The Hobbit",
    "Harriet the Spy",
    "Holes",
    "Harold and the Purple Crayon",
    "Where the Wild Things Are",
    "Grandfather Twilight",
    "Momo",
)


def suggested(engine: Interpreter, text: str, *, limit: int = 10) -> list[int]:
    return complete(Typed.read(text), lexicon=engine.lexicon, find=engine.find, limit=limit)


class TestComplete:
    @pytest.mark.parametrize("text", ["", " ", "!", "'", "\0"])
    def test_asks_for_nothing_where_nothing_is_typed(self, text: str) -> None:
        engine = titled("Holes")
        assert (suggested(engine, text), engine.asked) == ([], [])

    def test_puts_starts_of_titles_first_by_popularity(self) -> None:
        assert suggested(SHELF, "har")[:3] == [1, 3, 5]

    def test_forgives_nothing_where_one_known_word_was_typed(self) -> None:
        assert suggested(SHELF, "spy ") == [3]
        assert suggested(SHELF, "hobbit") == [2]

    def test_asks_once_where_it_finds_enough(self) -> None:
        engine = titled("Abby", "Abel")
        assert suggested(engine, "ab", limit=2) == [1, 2]
        assert len(engine.asked) == 1

    @given(st.text("harypote ", max_size=12), st.integers(1, 6))
    def test_never_repeats_a_book_and_keeps_to_the_limit(self, text: str, limit: int) -> None:
        found = suggested(SHELF, text, limit=limit)
        assert len(found) == len(set(found)) <= limit

    @given(st.text("harypote ", max_size=12))
    def test_only_adds_what_may_be_meant_after_what_was_found(self, text: str) -> None:
        typed = Typed.read(text)
        exact = SHELF.find(completion(typed), 10) if typed.words else []
        assert suggested(SHELF, text)[: len(exact)] == exact


class TestForgiveness:
    @pytest.mark.parametrize("text", ["mmo", "hlo", "xom", "mo x"])
    def test_does_not_begin_below_four_letters(self, text: str) -> None:
        assert suggested(SHELF, text) == []

    @pytest.mark.parametrize("text", ["momi", "mmoo", "omoo", "mono"])
    def test_begins_with_four_letters(self, text: str) -> None:
        assert 8 in suggested(SHELF, text)

    @pytest.mark.parametrize(
        ("text", "book"),
        [
            ("hobit", 2),
            ("hobbti", 2),
            ("harrry potter", 1),
            ("gobblet", 1),
            ("grand father", 7),
            ("wildthings", 6),
            ("purpel crayon", 5),
            ("where the wilde things", 6),
        ],
    )
    def test_finds_the_book_that_was_meant_first(self, text: str, book: int) -> None:
        assert suggested(SHELF, text)[0] == book

    def test_takes_two_edits_for_eight_letters_where_nothing_else_is_near(self) -> None:
        # Words of one letter share no pair of letters with others, so that only the whole can be near.
        engine = titled("A B C D E", "Z Z Z Z Z")
        assert suggested(engine, "x b c d y") == [1]
        assert [clause.edits for clause in engine.asked if isinstance(clause, Fuzzy)][-1] == 2
        assert suggested(engine, "x b y") == []

    def test_takes_books_of_words_that_are_as_near_in_turn(self) -> None:
        # hibbet is two letters from both words and sounds like both; each book shown makes its word less likely.
        titles = ["Big Hobbit One", "Big Hobbit Two", "Big Habbit One", "Big Habbit Two"]
        assert suggested(titled(*titles, popularity=[100, 90, 10, 5]), "hibbet") == [1, 3, 2, 4]

    def test_leaves_words_of_names_alone(self) -> None:
        engine = Interpreter({1: (BookText("Hobbit", ["Anne Hobbes"]), 5), 2: (BookText("Hobbies", []), 9)})
        assert suggested(engine, "hobbes ") == [1]


class TestRespelt:
    LEXICON = Lexicon.of([(BookText("Harry Potter", ["J.K. Rowling"]), 9), (BookText("Owl", []), 1)])

    @pytest.mark.parametrize(
        ("asked", "meant"),
        [
            (("hary",), ("harry",)),
            (("hary", "potter"), ("harry", "potter")),
            (("har", "poter"), ("har", "potter")),
            (("rowling", "poter"), ("rowling", "potter")),
        ],
    )
    def test_changes_unknown_words_of_four_letters_and_more(
        self, asked: tuple[str, ...], meant: tuple[str, ...]
    ) -> None:
        assert respelt(asked, lexicon=self.LEXICON) == meant

    @pytest.mark.parametrize("asked", [(), ("harry", "potter"), ("hry",), ("zzzz",), ("rowling",)])
    def test_is_none_where_nothing_changes(self, asked: tuple[str, ...]) -> None:
        assert respelt(asked, lexicon=self.LEXICON) is None

    def test_takes_no_word_that_is_too_far(self) -> None:
        lexicon = Lexicon.of([(BookText("Saving the Physics of Dragons", []), 1)])
        assert respelt(("flying",), lexicon=lexicon) is None
        assert respelt(("fisiks",), lexicon=lexicon) == ("physics",)

    def test_says_nothing_of_another_form_of_the_same_word(self) -> None:
        assert respelt(("owls", "potters"), lexicon=self.LEXICON) is None

    def test_knows_nothing_better_without_books(self) -> None:
        assert respelt(("hobit",), lexicon=Lexicon.of([])) is None
