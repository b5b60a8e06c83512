import pytest

from epicml.search.clauses import Field
from epicml.search.fields import BookText, prefixes, searchable_words, stems_of, tokens_of, word_token

POTTER = BookText(
    title="Harry Potter and the Goblet of Fire (Harry Potter, #4)",
    authors=["J.K. Rowling", "Mary GrandPré"],
    series="Harry Potter",
    series_number=4,
)


class TestTokensOf:
    def test_has_the_whole_title_without_the_note_of_its_series(self) -> None:
        assert tokens_of(POTTER)[Field.EXACT] == {"harry_potter_and_the_goblet_of_fire_"}
        assert tokens_of(BookText("It", []))[Field.EXACT] == {"it_"}

    def test_has_every_start_of_the_title_up_to_100_letters(self) -> None:
        title = "harry_potter_and_the_goblet_of_fire_"
        assert tokens_of(POTTER)[Field.START] == {title[:length] for length in range(1, len(title) + 1)}
        assert max(len(token) for token in tokens_of(BookText("x" * 300, []))[Field.START]) == 100

    def test_has_every_start_of_other_variants_and_each_as_a_whole(self) -> None:
        read = tokens_of(BookText("Dr. Owl", []))[Field.VARIANT]
        doctor = "doctor_owl_"
        assert read == {"dr_owl__", doctor + "_", *(doctor[:length] for length in range(1, len(doctor) + 1))}
        assert {"catching_fire_the_hunger_", "catching_fire__"} <= tokens_of(
            BookText("Catching Fire (The Hunger Games, #2)", [])
        )[Field.VARIANT]
        assert {"gruffalo__", "gruf"} <= tokens_of(BookText("The Gruffalo", []))[Field.VARIANT]
        assert {"henry_=4__", "henry_fo"} <= tokens_of(BookText("Henry IV", []))[Field.VARIANT]

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

    def test_has_last_parts_of_words_where_one_word_is_made_of_many(self) -> None:
        german = tokens_of(BookText("Baumhaus", [], language="de"))[Field.WORD]
        assert german - tokens_of(BookText("Baumhaus", [], language="en"))[Field.WORD] == {
            "mhaus",
            "mhaus_",
            "haus",
            "haus_",
        }
        assert {"kuchen_", "gskuchen_"} <= tokens_of(BookText("Der Geburtstagskuchen", [], language="nl"))[Field.WORD]

    def test_has_series_read_aloud(self) -> None:
        assert "thirty_nine_" in tokens_of(BookText("Bones", [], series="The 39 Clues"))[Field.SERIES]

    def test_has_every_part_of_a_word_without_gaps(self) -> None:
        words = tokens_of(BookText("源氏物", []))[Field.WORD]
        assert words == {"源", "源氏", "源氏物", "氏", "氏物", "物"}

    def test_has_every_beginning_of_an_isbn_in_both_forms(self) -> None:
        tokens = tokens_of(BookText("Ex", [], isbns=["9780804429573"]))[Field.ISBN]
        assert tokens == {text[:length] for text in ("9780804429573", "080442957x") for length in range(1, 14)}
        assert tokens_of(BookText("Ex", []))[Field.ISBN] == set()

    def test_has_the_place_in_the_series_as_a_word(self) -> None:
        assert {"4", "4_"} <= tokens_of(POTTER)[Field.WORD]
        half = BookText("Tales", [], series="Owls", series_number=2.5)
        assert "2.5_" in tokens_of(half)[Field.WORD]

    @pytest.mark.parametrize("title", ["", "...", "!?", "\N{SNOWMAN}"])
    def test_gives_a_title_without_words_nothing_that_could_be_typed(self, title: str) -> None:
        tokens = tokens_of(BookText(title, []))
        assert {field for field, found in tokens.items() if found - {"_", "__"}} == set()

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
            *("jk", "krowling", "jkrowling"),
        }

    def test_are_those_of_every_variant(self) -> None:
        assert {"letranger", "l", "etranger"} <= searchable_words(BookText("L'Étranger", []))
        assert {"iv", "=4", "4", "four"} <= searchable_words(BookText("Henry IV", []))
        assert {"edgar", "er", "burroughs"} <= searchable_words(BookText("Tarzan", ["Edgar Rice Burroughs"]))


class TestStemsOf:
    def test_are_no_article_or_preposition_for_another_word(self) -> None:
        assert [stems_of(word) for word in ("fore", "for", "james", "ones")] == [["fore"], ["for"], ["jam"], ["one"]]

    def test_are_a_stem_or_pairs_of_letters(self) -> None:
        assert (stems_of("dragons"), stems_of("賢者の石"), stems_of("猫")) == (
            ["dragon"],
            ["賢者", "者の", "の石"],
            ["猫"],
        )


class TestWordToken:
    def test_says_that_a_word_is_complete_where_words_have_ends(self) -> None:
        assert (word_token("owl"), word_token("物語"), word_token("物" * 20)) == ("owl_", "物語", "物" * 15)


class TestPrefixes:
    def test_of_a_short_text_end_with_the_text(self) -> None:
        assert list(prefixes("it_", 10)) == ["i", "it", "it_"]

    def test_of_nothing_are_none(self) -> None:
        assert list(prefixes("", 5)) == []
