import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.authors import Order, authors_of, order_of, same_author

# Names, not random letters: "Inc", "And" and "Esq" are words that mean another thing.
NAME = st.sampled_from(
    ("Ada", "Astrid", "Beatrix", "Bo", "Dr", "Erich", "Harper", "Jürgen", "Lee", "Ma", "Mba", "Milne", "Nesbit",
     "O'Dell", "Ōe", "Rowling", "Saint-Exupéry", "Seuss", "Tove", "Van", "Zoë", "Ólafsson")
)  # fmt: skip


class TestAuthorsOf:
    @pytest.mark.parametrize(
        ("cell", "names"),
        [
            ("Rowling, J. K.", ["J. K. Rowling"]),
            ("Rowling, J. K. (Joanne K.), 1965-", ["J. K. Rowling"]),
            ("Lindgren, Astrid, 1907-2002", ["Astrid Lindgren"]),
            ("Lindgren, Astrid 1907-2002", ["Astrid Lindgren"]),
            ("Astrid Lindgren (1907-2002)", ["Astrid Lindgren"]),
            ("Doe, Jane, b. 1950", ["Jane Doe"]),
            ("Doe, Jane (1907-)", ["Jane Doe"]),
            ("Doe, Jane, active 16th century", ["Jane Doe"]),
            ("Doe, Jane, approximately 1300-1374?", ["Jane Doe"]),
            ("Homer, active 8th century B.C.", ["Homer"]),
            ("Le Guin, Ursula K., 1929-2018", ["Ursula K. Le Guin"]),
            ("de la Mare, Walter, 1873-1956", ["Walter de la Mare"]),
            ("Saint-Exupéry, Antoine de, 1900-1944", ["Antoine de Saint-Exupéry"]),
            ("van Gogh, Vincent", ["Vincent van Gogh"]),
            ("García Márquez, Gabriel", ["Gabriel García Márquez"]),
            ("Ortega y Gasset, José", ["José Ortega y Gasset"]),
            ("Doyle, Arthur Conan, Sir, 1859-1930", ["Arthur Conan Doyle"]),
            ("Seuss, Dr.", ["Dr. Seuss"]),
            ("Tolstoy, Leo, graf, 1828-1910", ["Leo Tolstoy"]),
            ("Twain, Mark, pseud.", ["Mark Twain"]),
            ("Leonardo, da Vinci, 1452-1519", ["Leonardo da Vinci"]),
            ("Elizabeth II, Queen of Great Britain, 1926-2022", ["Elizabeth II"]),
            ("Толстой, Лев Николаевич", ["Лев Николаевич Толстой"]),
            ("夏目, 漱石", ["夏目漱石"]),
        ],
    )
    def test_puts_the_first_name_first(self, cell: str, names: list[str]) -> None:
        assert list(authors_of(cell)) == names

    @pytest.mark.parametrize(
        ("cell", "name"),
        [
            ("Martin Luther King, Jr.", "Martin Luther King Jr."),
            ("King, Martin Luther, Jr.", "Martin Luther King Jr."),
            ("King, Martin Luther, Jr., 1929-1968", "Martin Luther King Jr."),
            ("King Jr., Martin Luther", "Martin Luther King Jr."),
            ("Martin Luther King Jr", "Martin Luther King Jr."),
            ("Smith, John, III", "John Smith III"),
            ("John Smith III", "John Smith III"),
            ("Jane Doe, PhD", "Jane Doe"),
            ("Doe, Jane, M.D.", "Jane Doe"),
            ("Jane Doe Ph.D.", "Jane Doe"),
        ],
    )
    def test_keeps_suffixes_with_their_name(self, cell: str, name: str) -> None:
        assert authors_of(cell) == (name,)

    @pytest.mark.parametrize(
        "cell",
        [
            "Mary GrandPré (Illustrator)",
            "GrandPré, Mary, illustrator.",
            "GrandPré, Mary (ill.)",
            "Illustrated by Mary GrandPré",
            "illustrations by Mary GrandPré.",
            "GrandPré, Mary [illustrator]",
            "[illustrator] Mary GrandPré",
            "GrandPré, Mary, 1954- illustrator",
            "GrandPré, Mary, joint author",
            "GrandPré, Mary, et al.",
            "Mary GrandPré ... [et al.]",
            "GrandPré, Mary, ed.",
            "translated by Mary GrandPré",
            "pictures by Mary GrandPré",
            "Mary GrandPré - illustrator",
            "Illustrator: Mary GrandPré",
            "Mary GrandPré & others",
            "Mary GrandPré /",
            " Mary  GrandPré ;",
        ],
    )
    def test_leaves_out_roles(self, cell: str) -> None:
        assert authors_of(cell) == ("Mary GrandPré",)

    @pytest.mark.parametrize(
        ("cell", "name"),
        [
            ("Ma, Yo-Yo", "Yo-Yo Ma"),
            ("Lord, Cynthia", "Cynthia Lord"),
            ("Graf, Mike", "Mike Graf"),
            ("Young, Ed", "Ed Young"),
            ("Spiegelman, Art", "Art Spiegelman"),
            ("Read, Herbert", "Herbert Read"),
        ],
    )
    def test_knows_a_name_from_a_role(self, cell: str, name: str) -> None:
        assert authors_of(cell) == (name,)

    @pytest.mark.parametrize(
        ("cell", "names"),
        [
            ("J.K. Rowling, Mary GrandPré", ["J.K. Rowling", "Mary GrandPré"]),
            ("Rowling, J. K.; Grandpré, Mary", ["J. K. Rowling", "Mary Grandpré"]),
            ("Rowling, J. K., Grandpré, Mary", ["J. K. Rowling", "Mary Grandpré"]),
            ("Rowling, J. K., and Mary Grandpré", ["J. K. Rowling", "Mary Grandpré"]),
            ("Rowling, J. K. | Grandpré, Mary, illustrator", ["J. K. Rowling", "Mary Grandpré"]),
            ("J.K. Rowling ; illustrated by Mary GrandPré", ["J.K. Rowling", "Mary GrandPré"]),
            ("René Goscinny / Albert Uderzo", ["René Goscinny", "Albert Uderzo"]),
            ("Ada & Bo", ["Ada", "Bo"]),
            ("Ada and Bo", ["Ada", "Bo"]),
            ("Ada, Bo, Cy", ["Ada", "Bo", "Cy"]),
            ("X|Y", ["X", "Y"]),
            ("Neil Gaiman and Terry Pratchett", ["Neil Gaiman", "Terry Pratchett"]),
            ("Lee, Stan & Kirby, Jack", ["Stan Lee", "Jack Kirby"]),
            ("Bill Martin, Jr., Eric Carle", ["Bill Martin Jr.", "Eric Carle"]),
            ("Stan & Jan Berenstain", ["Stan Berenstain", "Jan Berenstain"]),
            ("H. A. & Margret Rey", ["H. A. Rey", "Margret Rey"]),
            ("Grimm, Jacob and Wilhelm", ["Jacob Grimm", "Wilhelm Grimm"]),
            ("Virginia Hamilton, Leo & Diane Dillon", ["Virginia Hamilton", "Leo Dillon", "Diane Dillon"]),
            ("A. A. Milne; with decorations by Ernest H. Shepard", ["A. A. Milne", "Ernest H. Shepard"]),
            ("Stan Lee, Jack Kirby, and Steve Ditko", ["Stan Lee", "Jack Kirby", "Steve Ditko"]),
            ("村上春樹、川上弘美", ["村上春樹", "川上弘美"]),
            ("Jun Mochizuki, 望月淳", ["Jun Mochizuki", "望月淳"]),
            ("A, A;A", ["A A", "A"]),
            ("Louis Sachar\nMary GrandPré", ["Louis Sachar", "Mary GrandPré"]),
            ("", []),
            (" ; , ", []),
            ("1907-2002", []),
            ("et al.", []),
        ],
    )
    def test_divides_lists(self, cell: str, names: list[str]) -> None:
        assert list(authors_of(cell)) == names

    @pytest.mark.parametrize(
        "name",
        [
            "Smithsonian Institution",
            "Dorling Kindersley, Ltd.",
            "Simon & Schuster",
            "Harper & Row, Publishers",
            "Barnes and Noble",
            "Farrar, Straus and Giroux",
            "Little, Brown and Company",
            "Better Homes and Gardens",
            "National Geographic Society",
            "United States. Department of Health and Human Services",
        ],
    )
    def test_leaves_bodies_whole(self, name: str) -> None:
        assert authors_of(name) == (name,)

    def test_tells_a_person_from_a_body_of_one_word(self) -> None:
        assert authors_of("Church, Caroline Jayne") == ("Caroline Jayne Church",)
        assert authors_of("Brothers, Meagan, 1978-") == ("Meagan Brothers",)

    def test_divides_only_where_a_stated_separator_is(self) -> None:
        assert authors_of("Ada Lovelace, Bo Diddley", separator=",") == ("Ada Lovelace", "Bo Diddley")
        assert authors_of("Lovelace, Ada # Simon & Schuster # A; B", separator="#") == (
            "Ada Lovelace",
            "Simon & Schuster",
            "A; B",
        )

    def test_reads_the_form_that_both_orders_have_as_the_rest_of_the_file(self) -> None:
        assert authors_of("Homer, Robert Fagles", order=Order.FIRST_LAST) == ("Homer", "Robert Fagles")
        assert authors_of("King, Martin Luther", order=Order.LAST_FIRST) == ("Martin Luther King",)
        assert authors_of("Jane Yolen, Avi", order=Order.FIRST_LAST) == ("Jane Yolen", "Avi")
        assert authors_of("Rowling, J. K.", order=Order.FIRST_LAST) == ("J. K. Rowling",)

    @given(st.lists(st.tuples(NAME, NAME), min_size=1, max_size=4, unique=True))
    def test_reads_both_orders_alike(self, people: list[tuple[str, str]]) -> None:
        natural = ", ".join(f"{first} {last}" for first, last in people)
        inverted = "; ".join(f"{last}, {first}" for first, last in people)

        assert authors_of(natural) == authors_of(inverted) == tuple(f"{first} {last}" for first, last in people)

    @given(st.text(max_size=60))
    def test_answers_any_text_with_names_that_are_not_blank(self, cell: str) -> None:
        assert all(name.strip() == name != "" for name in authors_of(cell))

    @pytest.mark.parametrize(
        "piece", ["ill", "author and ", "[(", "a. ", "1-", "b. ", ", ", "AB ", "et al ", " ", "& ", "- "]
    )
    def test_takes_no_time_on_odd_text(self, piece: str) -> None:
        started = time.process_time()

        authors_of(piece * 2000)

        assert time.process_time() - started < 2


class TestOrderOf:
    def test_is_told_by_the_cells_that_have_one_reading(self) -> None:
        assert order_of(["Homer, Robert Fagles", "Louis Sachar"]) is Order.FIRST_LAST
        assert order_of(["King, Martin Luther", "Sachar, Louis"]) is Order.LAST_FIRST
        assert order_of(["King, Martin Luther", "Homer", "", "Penguin Books", "夏目漱石"]) is None


class TestSameAuthor:
    @pytest.mark.parametrize("name", ["J.K. Rowling", "J. K. Rowling", "JK Rowling", "J K Rowling", "J.K.Rowling"])
    def test_is_one_for_all_spellings_of_initials(self, name: str) -> None:
        assert same_author(name) == same_author("J. K. Rowling")

    @pytest.mark.parametrize("name", ["Jk Rowling", "J. Rowling", "Joanne K. Rowling", "K.J. Rowling", "J.K. Rowlings"])
    def test_is_another_for_other_names(self, name: str) -> None:
        assert same_author(name) != same_author("J. K. Rowling")

    def test_knows_initials_in_the_middle(self) -> None:
        assert same_author("Ursula K Le Guin") == same_author("Ursula K. Le Guin")
