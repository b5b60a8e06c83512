import pytest

from epicml.search.corrections import corrected_words
from epicml.search.fields import BookText
from epicml.search.lexicon import Lexicon


class TestCorrectedWords:
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
        assert corrected_words(asked, lexicon=self.LEXICON, knows=self.LEXICON.knows) == meant

    @pytest.mark.parametrize("asked", [(), ("harry", "potter"), ("hry",), ("zzzz",), ("rowling",)])
    def test_is_none_where_nothing_changes(self, asked: tuple[str, ...]) -> None:
        assert corrected_words(asked, lexicon=self.LEXICON, knows=self.LEXICON.knows) is None

    def test_takes_no_word_that_is_too_far(self) -> None:
        lexicon = Lexicon.of([(BookText("Saving the Physics of Dragons", []), 1)])
        assert corrected_words(("flying",), lexicon=lexicon, knows=lexicon.knows) is None
        assert corrected_words(("fisiks",), lexicon=lexicon, knows=lexicon.knows) == ("physics",)

    def test_says_nothing_of_another_form_of_the_same_word(self) -> None:
        assert corrected_words(("owls", "potters"), lexicon=self.LEXICON, knows=self.LEXICON.knows) is None

    def test_knows_nothing_better_without_books(self) -> None:
        assert corrected_words(("hobit",), lexicon=Lexicon.of([]), knows=Lexicon.of([]).knows) is None
