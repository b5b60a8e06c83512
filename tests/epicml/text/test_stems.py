import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.normalise import words
from epicml.text.stems import stem


class TestStem:
    @pytest.mark.parametrize(
        ("word", "expected"),
        [
            # The examples of Porter's paper, steps 1a to 1c, where its own last step takes no more than an e.
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("caress", "caress"),
            ("cats", "cat"),
            ("feed", "feed"),
            ("agreed", "agre"),
            ("plastered", "plaster"),
            ("bled", "bled"),
            ("motoring", "motor"),
            ("sing", "sing"),
            ("hopping", "hop"),
            ("tanned", "tan"),
            ("falling", "fall"),
            ("hissing", "hiss"),
            ("fizzed", "fizz"),
            ("failing", "fail"),
            ("happy", "happi"),
            ("sky", "sky"),
        ],
    )
    def test_does_as_porter_does(self, word: str, expected: str) -> None:
        assert stem(word) == expected

    @pytest.mark.parametrize(
        "forms",
        [
            "dragon dragons",
            "boy boys",
            "day days",
            "key keys",
            "eye eyes",
            "bee bees",
            "age ages",
            "shoe shoes",
            "box boxes",
            "bus buses",
            "wish wishes wished wishing",
            "witch witches",
            "story stories",
            "fly flies flying",
            "pie pies",
            "try tries trying",
            "fairy fairies",
            "movie movies",
            "house houses",
            "princess princesses",
            "play plays played playing",
            "say says saying",
            "hop hops hopped hopping",
            "swim swims swimming",
            "bake bakes baked baking",
            "train trains trained training",
            "agree agrees agreed",
            "speed speeds speeding",
        ],
    )
    def test_lets_the_forms_of_a_word_meet(self, forms: str) -> None:
        assert len({stem(form) for form in forms.split()}) == 1

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("general", "generous"),
            ("prince", "princess"),
            ("king", "k"),
            ("thing", "th"),
            ("speed", "sp"),
            ("toes", "to"),
            ("this", "thi"),
            ("bus", "bu"),
            ("red", "r"),
        ],
    )
    def test_keeps_other_words_apart(self, one: str, other: str) -> None:
        assert stem(one) != stem(other)

    @pytest.mark.parametrize("word", ["cat", "as", "i", "", "1984", "9", "слоны", "élans"])
    def test_leaves_short_words_numbers_and_other_scripts_alone(self, word: str) -> None:
        assert stem(word) == word

    @given(st.text(st.characters(), max_size=30))
    def test_takes_any_text_for_a_word(self, text: str) -> None:
        assert len(stem(text)) <= len(text)
        assert bool(stem(text)) == bool(text)

    @given(st.from_regex(r"[a-z]{1,8}(s|es|ies|ing|ed|eed|y|e|sses)", fullmatch=True))
    def test_leaves_a_word_that_begins_like_the_one_given(self, word: str) -> None:
        stemmed = stem(word)

        assert len(stemmed) >= 2
        assert word.startswith((stemmed, stemmed[:-1]))
        assert words(stemmed) == [stemmed]
