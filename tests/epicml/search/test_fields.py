import pytest

from epicml.search.clauses import Field
from epicml.search.fields import BookText, prefixes, searchable_words, tokens_of

POTTER = BookText(
    title="Harry Potter and the Goblet of Fire (Harry Potter, #4)",
    authors=["J.K. Rowling", "Mary GrandPré"],
    series="Harry Potter",
    series_number=4,
)


class TestTokensOf:
    def test_has_the_whole_title_without_the_note_of_its_series(self) -> None:
        # 30 letters of harry_potter_and_the_goblet_of_fire_
        assert tokens_of(POTTER)[Field.EXACT] == {"harry_potter_and_the_goblet_of"}
        assert tokens_of(BookText("It", []))[Field.EXACT] == {"it_"}

    def test_has_every_start_of_the_title_up_to_24_letters(self) -> None:
        title = "harry_potter_and_the_goblet_of_fire_"
        assert tokens_of(POTTER)[Field.START] == {title[:length] for length in range(1, 25)}

    def test_has_what_follows_from_each_inner_word_up_to_12_letters(self) -> None:
        inner = tokens_of(BookText("My Big Cat", []))[Field.INNER]
        assert inner == {"b", "bi", "big", "big_", "big_c", "big_ca", "big_cat", "big_cat_", "c", "ca", "cat", "cat_"}
        assert max(len(token) for token in tokens_of(POTTER)[Field.INNER]) == 12

    def test_looks_at_seven_inner_words(self) -> None:
        inner = tokens_of(BookText("a b c d e f g h i j", []))[Field.INNER]
        assert {token for token in inner if len(token) == 1} == set("bcdefgh")

    def test_has_names_from_each_of_their_words_on(self) -> None:
        tokens = tokens_of(POTTER)
        assert {"rowling_", "j_k_rowling_", "k_rowl", "grandpre", "mary_grandpr"} <= tokens[Field.AUTHOR]
        assert {"h", "harry_potter", "potter_"} <= tokens[Field.SERIES]
        assert "goblet" not in tokens[Field.AUTHOR] | tokens[Field.SERIES]

    def test_has_starts_of_words_up_to_15_letters_and_each_whole_word(self) -> None:
        words = tokens_of(BookText("Supercalifragilistic", ["Bo"]))[Field.WORD]
        long = "supercalifragilistic"
        assert words == {long[:length] for length in range(1, 16)} | {long + "_", "b", "bo", "bo_"}

    def test_has_stems(self) -> None:
        assert tokens_of(BookText("Flying Dragons", ["Ann Fine"]))[Field.STEM] == {"fly", "dragon", "ann", "fin"}

    def test_has_the_place_in_the_series_as_a_word(self) -> None:
        assert {"4", "4_"} <= tokens_of(POTTER)[Field.WORD]
        half = BookText("Tales", [], series="Owls", series_number=2.5)
        assert "2.5_" in tokens_of(half)[Field.WORD]

    @pytest.mark.parametrize("title", ["", "...", "!?", "\N{SNOWMAN}"])
    def test_gives_a_title_without_words_nothing_that_could_be_typed(self, title: str) -> None:
        tokens = tokens_of(BookText(title, []))
        assert {field for field, found in tokens.items() if found - {"_"}} == set()

    @pytest.mark.parametrize("title", ["Новая книга", "三国演义", "كتاب", "Ελληνικά"])
    def test_holds_words_of_any_script(self, title: str) -> None:
        assert tokens_of(BookText(title, []))[Field.STEM] != set()

    @pytest.mark.parametrize("title", ["tab\there", "line\nfeed", "no\u00a0break", "a\u2028b", "x\x1fy\x85z"])
    def test_never_makes_a_token_with_a_blank_in_it(self, title: str) -> None:
        # Engines write the tokens of a field with blanks between them.
        tokens = {token for found in tokens_of(BookText(title, [title], series=title)).values() for token in found}
        assert [token for token in tokens if token.split() != [token]] == []


class TestSearchableWords:
    def test_are_those_of_title_authors_series_and_place(self) -> None:
        assert searchable_words(POTTER) == {
            *("harry", "potter", "and", "the", "goblet", "of", "fire"),
            *("j", "k", "rowling", "mary", "grandpre", "4"),
        }


class TestPrefixes:
    def test_of_a_short_text_end_with_the_text(self) -> None:
        assert list(prefixes("it_", 10)) == ["i", "it", "it_"]

    def test_of_nothing_are_none(self) -> None:
        assert list(prefixes("", 5)) == []
