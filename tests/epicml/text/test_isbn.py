"""ISBNs: numbers printed in the ISBN Users' Manual and on well-known books, in the forms that files write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.isbn import InvalidIsbnError, isbn13

HUNGER_GAMES = "9780439023481"  # 0-439-02348-3 on the book


def check_digit(twelve: str) -> str:
    """By the weights 1 and 3 of the manual."""
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(twelve))
    return str(-total % 10)


class TestIsbn13:
    @pytest.mark.parametrize(
        ("written", "number"),
        [
            ("978-92-95055-12-4", "9789295055124"),
            ("92-95055-12-8", "9789295055124"),
            ("0439023483", HUNGER_GAMES),
            (" 0 439 02348 3 ", HUNGER_GAMES),
            ("0–439–02348–3", HUNGER_GAMES),
            ('="0439023483"', HUNGER_GAMES),
            ("ISBN 0439023483", HUNGER_GAMES),
            ("ISBN-10: 0-439-02348-3", HUNGER_GAMES),
            ("isbn13: 9780439023481", HUNGER_GAMES),
            ("ISBN-13 9780439023481", HUNGER_GAMES),
            ("e-ISBN: 9780439023481", HUNGER_GAMES),
            ("0-8044-2957-X", "9780804429573"),
            ("080442957x", "9780804429573"),
            ("979-10-90636-07-1", "9791090636071"),
            ("٠٤٣٩٠٢٣٤٨٣", HUNGER_GAMES),
        ],
    )
    def test_reads_every_usual_form(self, written: str, number: str) -> None:
        assert isbn13(written) == number

    @pytest.mark.parametrize(
        ("written", "why"),
        [
            ("0439023484", "check digit"),
            ("9780439023482", "check digit"),
            ("9771234567898", "prefix"),
            ("9.78043902348e+12", "rounded"),
            ("9,78E+12", "rounded"),
            ("439023483", "10 or 13"),
            ("043902348X3", "10 or 13"),
            ("", "10 or 13"),
            ("Harry Potter", "10 or 13"),
        ],
    )
    def test_refuses_what_is_none_and_says_why(self, written: str, why: str) -> None:
        with pytest.raises(InvalidIsbnError, match=why):
            isbn13(written)

    @pytest.mark.parametrize(("shortened", "number"), [("439023483", HUNGER_GAMES), ("61120081", "9780061120084")])
    def test_gives_a_spreadsheet_its_zeros_back_where_the_check_digit_agrees(self, shortened: str, number: str) -> None:
        assert isbn13(shortened, zeros_may_be_lost=True) == number
        with pytest.raises(InvalidIsbnError):
            isbn13(str(int(shortened) + 1), zeros_may_be_lost=True)

    @given(st.from_regex(r"97[89][0-9]{9}", fullmatch=True), st.lists(st.sampled_from(["-", " ", ""]), max_size=12))
    def test_is_the_same_wherever_the_hyphens_stand(self, twelve: str, hyphens: list[str]) -> None:
        number = twelve + check_digit(twelve)
        written = "".join(digit + hyphen for digit, hyphen in zip(number, [*hyphens, *[""] * 13], strict=False))

        assert isbn13(written) == number
