import numpy as np
import pytest

from epicml.search.fields import BookText
from epicml.search.lexicon import Lexicon, OtherTokensError
from epicml.text.speller import Speller

BOOKS = [
    (BookText("Charlotte's Web", ["E.B. White"], series="Farm", series_number=1), 900.0),
    (BookText("The Hobbit", ["J.R.R. Tolkien"]), 2000.0),
    (BookText("The Habbit", ["Nobody"]), 10.0),
]


@pytest.fixture
def lexicon() -> Lexicon:
    return Lexicon.of(BOOKS)


class TestKnows:
    @pytest.mark.parametrize("word", ["charlottes", "web", "hobbit", "white", "tolkien", "farm", "eb", "jrr"])
    def test_words_of_titles_and_names_in_every_variant(self, lexicon: Lexicon, word: str) -> None:
        assert lexicon.knows(word)

    @pytest.mark.parametrize("word", ["1", "hobbi", "hobbits", ""])
    def test_no_others_and_no_number_of_a_series(self, lexicon: Lexicon, word: str) -> None:
        assert not lexicon.knows(word)


class TestNearest:
    def test_takes_the_word_of_the_more_popular_books_among_equals(self, lexicon: Lexicon) -> None:
        # hibbit is one letter from hobbit and from habbit, and sounds like both.
        assert [found.word for found in lexicon.nearest("hibbit", limit=2)] == ["hobbit", "habbit"]

    def test_adds_up_the_popularity_of_all_books_with_the_word(self) -> None:
        habits = [(BookText(f"Habbit {number}", []), 1500.0) for number in range(2)]
        assert Lexicon.of([*BOOKS, *habits]).nearest("hibbit", limit=1)[0].word == "habbit"

    def test_never_corrects_to_a_name(self, lexicon: Lexicon) -> None:
        assert all(found.word != "tolkien" for found in lexicon.nearest("tolkein", limit=10))

    def test_knows_nothing_without_books(self) -> None:
        assert Lexicon.of([]).nearest("hobbit", limit=3) == []
        assert not Lexicon.of([]).knows("hobbit")


class TestSplits:
    def test_ends_with_the_longest_first_word_of_two(self) -> None:
        lexicon = Lexicon(speller=Speller(["sun", "sunny", "nyside", "side"]), name_words=[])
        assert lexicon.splits("sunnyside") == [("sunny", "side")]

    def test_takes_names_too(self, lexicon: Lexicon) -> None:
        assert lexicon.splits("whiteweb")[-1] == ("white", "web")

    def test_names_ways_of_which_one_part_may_be_a_later_word(self, lexicon: Lexicon) -> None:
        assert lexicon.splits("hobbitxx") == [("hobbit", "xx")]
        assert lexicon.splits("xxhobbit") == [("xx", "hobbit")]

    @pytest.mark.parametrize("word", ["", "a", "hobbit", "hobbitx", "xhobbit", "zzzzzzzz", "z" * 90])
    def test_finds_none_where_no_part_is_known(self, lexicon: Lexicon, word: str) -> None:
        assert lexicon.splits(word) == []

    def test_takes_no_single_letter_for_a_word(self) -> None:
        assert Lexicon(speller=Speller(["a", "gain"]), name_words=[]).splits("again") == []


class TestForm:
    @pytest.mark.parametrize("form", [[], [1], [99]])
    def test_of_another_version_is_refused(self, lexicon: Lexicon, form: list[int]) -> None:
        arrays = lexicon.arrays()
        del arrays["form"]
        if form:
            arrays["form"] = np.array(form)
        with pytest.raises(OtherTokensError, match=f"an index of form {form[0] if form else 1}, not"):
            Lexicon.from_arrays(arrays)


class TestArrays:
    def test_give_the_same_lexicon_back(self, lexicon: Lexicon) -> None:
        again = Lexicon.from_arrays(lexicon.arrays())
        for word in ("hobit", "charlots", "wite", "zzz"):
            assert again.nearest(word, limit=5) == lexicon.nearest(word, limit=5)
        assert [again.knows(word) for word in ("tolkien", "hobbit", "zzz")] == [True, True, False]

    def test_are_equal_for_equal_books_in_any_order(self, lexicon: Lexicon) -> None:
        other = Lexicon.of(reversed(BOOKS)).arrays()
        assert {name: array.tolist() for name, array in lexicon.arrays().items()} == {
            name: array.tolist() for name, array in other.items()
        }

    def test_hold_no_objects_even_when_empty(self) -> None:
        arrays = Lexicon.of([]).arrays()
        assert not any(array.dtype.hasobject for array in arrays.values())
        assert Lexicon.from_arrays(arrays).nearest("owl", limit=1) == []
        assert isinstance(arrays["name_words"], np.ndarray)
