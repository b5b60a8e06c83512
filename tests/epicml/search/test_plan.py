# ruff: noqa: RUF001
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.search.clauses import Best, Clause, Every, Field, Relevance, Term
from epicml.search.fields import BookText
from epicml.search.plan import (
    Typed,
    begun_words,
    by_name,
    completion,
    every_stem,
    goes_on_like,
    some_words,
    telling_words,
    title_start,
    whole_titles,
    whole_words,
    word_tokens,
)
from epicml.text.normalise import words
from tests.epicml.search.interpreter import Interpreter


def terms(clause: Clause) -> dict[Field, Term]:
    """The heaviest single term of a completion in each field."""
    assert isinstance(clause, Best)
    found = [part for part in clause.clauses if isinstance(part, Term)]
    return {part.field: part for part in sorted(found, key=lambda part: part.weight)}


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
            (' +-"()*:^~[]{} & ', "", (), True),
            ("\N{GRINNING FACE}", "", (), True),
            ("pride & pre", "pride_and_pre", ("pride", "and", "pre"), True),
            ("cro\u00adco\u200bdi\ufeffle", "crocodile", ("crocodile",), True),
            ("the\u00a0hob", "the_hob", ("the", "hob"), True),
            ("AND OR", "and_or", ("and", "or"), True),
        ],
    )
    def test_reads_a_search_box(self, text: str, form: str, words: tuple[str, ...], is_open: bool) -> None:
        typed = Typed.read(text)
        assert (typed.form, typed.words, typed.is_open) == (form, words, is_open)

    @given(st.text(max_size=30))
    def test_always_has_as_many_words_as_its_form(self, text: str) -> None:
        typed = Typed.read(text)
        assert "_".join(typed.words) == typed.form.removesuffix("_")
        assert all(typed.words)

    @pytest.mark.parametrize(
        ("text", "forms"),
        [
            ("the hob", ["the_hob"]),
            ("dr. seu", ["dr_seu", "doctor_seu"]),
            ("henry 4", ["henry_4", "henry_=4_"]),  # a number is complete: it is no other number's beginning
            ("spider-ma", ["spider_ma", "spiderma"]),
            ("l'étr", ["letr", "l_etr"]),
            ("l'étr ", ["letr_", "l_etr_"]),
            ("twenty", ["twenty", "=20_"]),
        ],
    )
    def test_knows_its_other_variants(self, text: str, forms: list[str]) -> None:
        assert [variant.form for variant in Typed.read(text).variants] == forms

    def test_is_closed_with_its_last_word_complete(self) -> None:
        closed = Typed.read("dr. seu").closed
        assert [variant.form for variant in closed.variants] == ["dr_seu_", "doctor_seu_"]
        assert (closed.is_open, closed.closed) == (False, closed)

    @given(st.text(max_size=30))
    def test_reads_nothing_in_what_has_no_letter_and_no_digit(self, text: str) -> None:
        assert bool(Typed.read(text).words) == any(words(letter) for letter in text if letter not in "&＆﹠")


class TestCompletion:
    def test_weighs_the_whole_title_over_its_start_over_inner_words_over_names_over_any_words(self) -> None:
        clause = completion(Typed.read("owl"))
        fields = (Field.EXACT, Field.START, Field.VARIANT, Field.INNER, Field.AUTHOR)
        weights = [terms(clause)[field].weight for field in fields]
        any_words = clause.clauses[-1] if isinstance(clause, Best) else None
        assert isinstance(any_words, Every)
        assert [*weights, any_words.weight] == sorted([*weights, any_words.weight], reverse=True)

    def test_takes_a_title_for_whole_before_the_next_key_is_pressed(self) -> None:
        for text in ("it", "it "):
            assert terms(completion(Typed.read(text)))[Field.EXACT].token == "it_"

    def test_cuts_what_is_asked_for_to_what_is_indexed(self) -> None:
        found = terms(completion(Typed.read("a" * 250)))
        assert [len(found[field].token) for field in (Field.EXACT, Field.START, Field.VARIANT)] == [200, 100, 40]

    def test_asks_for_inner_words_and_names_only_while_their_keys_are_whole(self) -> None:
        assert {Field.INNER, Field.AUTHOR} <= terms(completion(Typed.read("a" * 12))).keys()
        assert {Field.INNER, Field.AUTHOR}.isdisjoint(terms(completion(Typed.read("a" * 13))).keys())

    def test_puts_any_start_of_a_title_before_the_most_popular_inner_word(self) -> None:
        # 20 * log2(2 + 3) = 46.4 against 2 * log2(2 + 5,000,000) = 44.5
        engine = Interpreter({1: (BookText("The Owl", ["Ann"]), 5_000_000), 2: (BookText("Owl Night", ["Bea"]), 3)})
        assert engine.find(completion(Typed.read("owl")), 2) == [2, 1]

    def test_puts_a_whole_title_before_the_most_popular_start(self) -> None:
        # 12,000 * log2(2 + 0) against 20 * log2(2 + 9,000,000) = 462
        engine = Interpreter({1: (BookText("It", []), 0), 2: (BookText("Italy", []), 9_000_000)})
        assert engine.find(completion(Typed.read("it")), 2) == [1, 2]

    @pytest.mark.parametrize(
        ("title", "typed"),
        [
            ("Pride & Prejudice", "pride and prej"),
            ("Pride and Prejudice", "pride & prej"),
            ("Max und Moritz", "max & moritz"),
            ("Max & Moritz", "max und mo"),
            ("Romeo + Juliet", "romeo and jul"),
            ("Rock 'n' Roll", "rock and ro"),
            ("Dr. Dolittle", "doctor dol"),
            ("Doctor Dolittle", "dr dol"),
            ("Mister Magoo", "mr. mag"),
            ("St. Clare's", "saint cla"),
            ("Mount Doom", "mt. doom"),
            ("Henry IV", "henry 4"),
            ("Henry IV", "henry fou"),
            ("Henry IV", "henry the fourth"),
            ("Henry the Fourth", "henry iv"),
            ("1984", "nineteen eigh"),
            ("Nineteen Eighty-Four", "1984"),
            ("20,000 Leagues", "20000 lea"),
            ("20,000 Leagues", "twenty thou"),
            ("Twenty Thousand Leagues", "20,000 lea"),
            ("101 Dalmatians", "one hundred and one dal"),
            ("The Hundred and One Dalmatians", "the hundred and one dal"),
            ("First Love", "1st lov"),
            ("1st to Die", "first to"),
            ("The 39 Steps", "the thirty-nine st"),
            ("The Thirty-Nine Steps", "the 39 st"),
            ("World War II", "world war 2"),
            ("World War II", "world war two"),
            ("Book the First", "book one"),
            ("Naruto, Vol. 03", "naruto volume 3"),
            ("Naruto, Vol. 03", "naruto #3"),
            ("Naruto, Vol. III", "naruto 3"),
            ("Saga, Part Two", "saga part 2"),
            ("Spider-Man", "spiderm"),
            ("Spiderman", "spider-m"),
            ("T. Rex", "trex"),
            ("Trex", "t-rex"),
            ("The B.F.G.", "the bfg"),
            ("The BFG", "the b.f.g"),
            ("P.S. I Love You", "ps i love"),
            ("O'Brien", "o brien"),
            ("O'Brien", "obri"),
            ("O Brien", "o'bri"),
            ("L'Étranger", "letra"),
            ("L' Étranger", "l'étra"),
            ("Qu'est-ce que", "quest ce"),
            ("Der Grüffelo", "der grueff"),
            ("Der Grueffelo", "der grüff"),
            ("Straße", "strasse"),
            ("Smørrebrød", "smoerre"),
            ("القطة الصغيرة", "قطة"),
            ("قطة", "القطه"),
            ("أحمد", "احمد"),
            ("كِتَاب", "كتاب"),
            ("كتـــاب", "كتاب"),
            ("ハリー・ポッター", "はりー"),
            ("٣ قطط", "3 قط"),
            ("The Gruffalo", "gruff"),
        ],
    )
    def test_finds_a_title_in_another_variant(self, title: str, typed: str) -> None:
        other = BookText("Something Else", ["Nobody"])
        engine = Interpreter({1: (BookText(title, []), 1), 2: (other, 9)})
        assert engine.find(completion(Typed.read(typed)), 2) == [1]
        assert engine.find(whole_titles(Typed.read(title)), 2) == [1]

    @pytest.mark.parametrize(
        ("title", "part"),
        [
            ("源氏物語", "物語"),
            ("源氏物語", "物"),
            ("三国演义", "演义"),
            ("ハリー・ポッターと賢者の石", "賢者"),
            ("ハリー・ポッターと賢者の石", "ぽったー"),
            ("ハリー・ポッターと賢者の石", "ハリーポッター"),
            ("哈利·波特", "哈利波特"),
            ("哈利波特", "哈利·波特"),
            ("แมวน้อยผจญภัย", "ผจญภัย"),
            ("ຂ້ອຍຮັກແມວ", "ແມວ"),
            ("AKIRAアキラ", "アキラ"),
        ],
    )
    def test_finds_a_part_of_a_title_without_gaps(self, title: str, part: str) -> None:
        engine = Interpreter({1: (BookText(title, []), 1), 2: (BookText("別の本", []), 9)})
        for typed in (part, part + " "):
            assert engine.find(completion(Typed.read(typed)), 2) == [1]
            assert engine.find(every_stem(Typed.read(typed)), 2) == [1]

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            *(("J.R.R. Tolkien", typed) for typed in ("jrr", "j.r.r.", "j r r", "jrr tol", "j. r. r. tolkien")),
            *(("J. K. Rowling", typed) for typed in ("jk", "j.k.", "j k row", "jk row", "JK Rowling")),
            ("JK Rowling", "j.k. row"),
            ("JK Rowling", "j k rowling"),
            ("Edgar Rice Burroughs", "er bur"),
            ("Edgar Rice Burroughs", "e.r. burroughs"),
            ("Dr. Seuss", "doctor seu"),
            ("Doctor Seuss", "dr. seuss"),
            ("Martin Luther King Jr.", "king junior"),
            ("Tim O'Brien", "obri"),
            ("Tim O'Brien", "o brien"),
        ],
    )
    def test_finds_a_name_in_another_variant(self, name: str, typed: str) -> None:
        engine = Interpreter({1: (BookText("A", [name]), 1), 2: (BookText("B", ["Nobody"]), 9)})
        assert engine.find(completion(Typed.read(typed)), 2) == [1]

    @pytest.mark.parametrize(
        "typed",
        [
            *("wizards book 2", "wizards 2", "wizards #2", "wizards vol. 2", "wizards volume two", "wizards part II"),
            *(
                "wizards book the second",
                "wizards second book",
                "the second wizards book",
                "wizards no. 2",
                "wizards book2",
                "wizards tome 2",
            ),
            *("wizards and owls two", "Wizards, Band 2", "wizards 02"),
        ],
    )
    def test_finds_a_book_by_its_place_in_the_series(self, typed: str) -> None:
        books = {
            place: (BookText(f"Title {'xyz'[place]}", [], "Wizards and Owls", float(place)), 9.0 - place)
            for place in range(3)
        }
        assert Interpreter(books).find(completion(Typed.read(typed)), 3) == [2]

    def test_takes_no_number_word_for_a_place_in_a_series(self) -> None:
        engine = Interpreter({1: (BookText("The Owl", [], "Owls", 1.0), 9), 2: (BookText("No One Is Alone", []), 1)})
        for text in ("the one", "no one", "one"):
            assert 1 not in engine.find(completion(Typed.read(text)), 2)

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
            ("物語 the ", ["物語", "the_"]),
        ],
    )
    def test_are_whole_words_and_the_start_of_the_open_one(self, text: str, expected: list[str]) -> None:
        assert word_tokens(Typed.read(text)) == expected


class TestByName:
    def test_asks_authors_and_series_for_the_key(self) -> None:
        assert by_name(Typed.read("Roald Dahl the")) == Best(
            [Term(Field.AUTHOR, "roald_dahl_t"), Term(Field.SERIES, "roald_dahl_t")]
        )

    def test_asks_for_each_variant(self) -> None:
        assert by_name(Typed.read("dr s")) == Best(
            [Term(field, key) for key in ("dr_s", "doctor_s") for field in (Field.AUTHOR, Field.SERIES)]
        )


class TestWholeWords:
    def test_takes_the_last_word_for_complete(self) -> None:
        engine = Interpreter({1: (BookText("Catching Fire", []), 9), 2: (BookText("Cat in the Hat", []), 1)})
        assert engine.find(whole_words(Typed.read("cat")), 2) == [2]


class TestWholeTitles:
    def test_are_just_this_and_then_those_of_which_a_variant_is(self) -> None:
        titles = ("Gruffalo's Child", "The Gruffalo", "Gruffalo Crumble", "Gruffalo", "A Gruffalo")
        engine = Interpreter({place: (BookText(title, []), place) for place, title in enumerate(titles)})
        assert engine.find(whole_titles(Typed.read("gruffalo")), 9) == [3, 4, 1]

    def test_are_found_with_the_note_of_their_series(self) -> None:
        title = "Catching Fire (The Hunger Games, #2)"
        engine = Interpreter({1: (BookText(title, []), 1), 2: (BookText("Catching Fire", []), 9)})
        assert engine.find(whole_titles(Typed.read(title)), 2) == [1]


class TestTitleStart:
    def test_is_what_was_typed_open_or_not(self) -> None:
        assert [title_start(Typed.read(text)) for text in ("cat", "cat ")] == [
            Term(Field.START, "cat"),
            Term(Field.START, "cat_"),
        ]


class TestBegunWords:
    def test_are_beginnings_but_for_numbers(self) -> None:
        assert begun_words(Typed.read("light 19 ")) == Best(
            [
                Every([Term(Field.WORD, "light"), Term(Field.WORD, "19_")], 0.6),
                Every([Term(Field.WORD, "light"), Term(Field.WORD, "=19_")], 0.6),
            ]
        )


class TestEveryStem:
    def test_asks_for_all_stems_once(self) -> None:
        assert every_stem(Typed.read("Flying dragons")) == Relevance(Field.STEM, ("fly", "dragon"), every=True)
        assert every_stem(Typed.read("dragon Dragons dragon")) == Relevance(Field.STEM, ("dragon",), every=True)

    def test_asks_for_the_stems_of_each_variant(self) -> None:
        assert every_stem(Typed.read("henry iv")) == Best(
            [Relevance(Field.STEM, ("henri", "iv"), every=True), Relevance(Field.STEM, ("henri", "=4"), every=True)]
        )


class TestSomeWords:
    def test_asks_for_any_of_two_and_more(self) -> None:
        assert some_words(("flying", "the", "dragons")) == Relevance(Field.STEM, ("fly", "dragon"), every=False)

    @pytest.mark.parametrize("words", [(), ("dragon",), ("the", "of"), ("2", "the"), ("a", "b")])
    def test_asks_for_nothing_where_no_word_says_something(self, words: tuple[str, ...]) -> None:
        assert some_words(words) is None


class TestTellingWords:
    def test_takes_the_syntax_of_query_languages_for_words(self) -> None:
        assert telling_words(Typed.read('title:"owl" AND NOT cat*').words) == ("title", "owl", "cat")

    def test_takes_a_sign_of_a_script_without_gaps_for_a_word(self) -> None:
        assert telling_words(("猫", "犬", "a")) == ("猫", "犬")


class TestGoesOnLike:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("J.R.R. Tolkien", "jrr"),
            ("J.R.R. Tolkien", "j. r. r. t"),
            ("JK Rowling", "j.k. rowling"),
            ("Edgar Rice Burroughs", "er b"),
            ("Dr. Seuss", "doctor seuss "),
            ("Tim O'Brien", "o br"),
            ("The Hunger Games", "hunger g"),
            ("村上春樹", "村上"),
        ],
    )
    def test_takes_a_name_in_any_variant(self, name: str, text: str) -> None:
        assert goes_on_like(name, Typed.read(text))

    @pytest.mark.parametrize(
        ("name", "text"),
        [("J.R.R. Tolkien", "tolkiens"), ("Roald Dahl", "ahl"), ("Roald Dahl", "dahl roald"), ("A", "")],
    )
    def test_takes_no_other_name(self, name: str, text: str) -> None:
        assert not goes_on_like(name, Typed.read(text))
