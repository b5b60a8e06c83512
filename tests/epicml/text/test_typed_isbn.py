# ruff: noqa: RUF001
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.typed_isbn import NO_ISBN, TypedIsbn, isbn_forms, typed_isbn


class TestTypedIsbn:
    @pytest.mark.parametrize(
        ("text", "digits"),
        [
            ("9780439023481", "9780439023481"),
            ("978-0-439-02348-1", "9780439023481"),
            ("978 0 439 02348 1 ", "9780439023481"),
            ("978\u00a00439\u201302348-1", "9780439023481"),
            ("0-8044-2957-X", "080442957x"),
            ("080442957x", "080442957x"),
            ("ISBN: 080442957x", "080442957x"),
            ("isbn-10 0439", "0439"),
            ("e-ISBN 9", "9"),
            ("９７８０４３９", "9780439"),
            ("\u0669\u0667\u0668\u0660\u0664\u0663\u0669", "9780439"),
            ("978-0-439-", "9780439"),
        ],
    )
    def test_is_read_without_signs_and_certain(self, text: str, digits: str) -> None:
        assert typed_isbn(text) == TypedIsbn(digits, is_certain=True)

    @pytest.mark.parametrize("text", ["1984", "9780", "20 000", "978-04"])
    def test_is_uncertain_while_it_may_be_another_number(self, text: str) -> None:
        assert not typed_isbn(text).is_certain
        assert typed_isbn(text).digits

    @pytest.mark.parametrize(
        "text", ["", "123", "isbn", "isbn x", "12345678901234", "101 dalmatians", "080442957xx", "x", "08044x", "-"]
    )
    def test_is_none_in_other_texts(self, text: str) -> None:
        assert typed_isbn(text) == NO_ISBN

    @given(st.text(st.characters()))
    def test_can_be_looked_for_in_any_text(self, text: str) -> None:
        digits = typed_isbn(text).digits
        assert digits.rstrip("x").isascii()
        assert not digits or digits.rstrip("x").isdecimal()


class TestIsbnForms:
    def test_are_thirteen_digits_and_ten_where_there_are_ten(self) -> None:
        assert isbn_forms("9780439023481") == ("9780439023481", "0439023483")
        assert isbn_forms("9780804429573") == ("9780804429573", "080442957x")
        assert isbn_forms("9791090636071") == ("9791090636071",)
