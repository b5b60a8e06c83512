import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.search.fields import BookText
from epicml.search.meaning import meant_by, written_words
from epicml.search.plan import Typed

WORDS = st.sets(st.text("abcdeghimrst", min_size=1, max_size=9), max_size=6)


class TestWrittenWords:
    def test_are_those_on_the_book_and_no_other_variant_or_form(self) -> None:
        book = BookText("Dr. No's Geburtstagskuchen", ["J.R.R. Tolkien"], "Dogs & Cats", 3.0, language="de")
        written = {"dr", "nos", "geburtstagskuchen", "j", "r", "tolkien", "dogs", "and", "cats", "3"}
        assert written_words(book) == written  # neither "doctor" nor "kuchen" nor "jrr"


class TestMeantBy:
    @pytest.mark.parametrize(
        ("text", "book", "meant"),
        [
            ("hary poter", {"harry", "potter", "stone"}, ("harry", "potter")),
            ("hary po", {"harry", "potter", "potters"}, ("harry", "potter")),
            ("hary po ", {"harry", "potter"}, ("harry",)),
            ("gobl", {"goblin"}, None),
            ("gobblin", {"goblin"}, ("goblin",)),
            ("harrypotter", {"harry", "potter"}, ("harry", "potter")),
            ("the grand father", {"grandfather", "the"}, ("the", "grandfather")),
            ("minecraft", {"lovecraft"}, None),
            ("harry minecraft", {"harry"}, None),
            ("murdering mistery", {"murder", "mystery"}, ("murder", "mystery")),
            ("murdering", {"murders", "murder"}, ("murder",)),
        ],
    )
    def test_says_what_was_typed_in_the_words_of_a_book(
        self, text: str, book: set[str], meant: tuple[str, ...] | None
    ) -> None:
        assert meant_by(Typed.read(text), book) == meant

    @pytest.mark.parametrize(
        ("others", "meant"),
        [
            ({"dragons"}, ("hobbit", "dragons")),
            ({"dragon"}, ("hobbit", "dragon")),
            ({"drake"}, ("hobbit",)),
        ],
    )
    def test_takes_what_the_book_lacks_from_the_others(self, others: set[str], meant: tuple[str, ...]) -> None:
        assert meant_by(Typed.read("hobit dragons"), {"the", "hobbit"}, other_words=others) == meant

    def test_keeps_a_part_of_a_text_without_gaps(self) -> None:
        assert meant_by(Typed.read("物語 hobit "), {"源氏物語", "hobbit"}) == ("物語", "hobbit")

    @given(text=st.text("abcdeghimrst ", min_size=1, max_size=24), book=WORDS, others=WORDS)
    def test_says_only_words_that_are_written(self, text: str, book: set[str], others: set[str]) -> None:
        typed = Typed.read(text)
        meant = meant_by(typed, book, other_words=others) if typed.words else None
        assert meant is None or set(meant) <= book | others
