import pytest

from epicml.search.corrections import respelt
from epicml.search.fields import BookText
from epicml.search.lexicon import Lexicon


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
