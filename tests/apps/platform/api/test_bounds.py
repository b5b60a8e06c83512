import copy
import re

import pytest
from django.http import QueryDict
from drf_spectacular.drainage import get_override

from apps.platform.api.bounds import FREE_TEXT, SOME_TEXT, Text, WholeParameter, whole_form
from apps.platform.api.fields import Fields
from apps.platform.api.parsing import InvalidInputError

TEXTS = ("", " ", "a", " a ", "a\0", "\n", "a\x85", "é", "\u3000", "a\tb", "\x7f", "x" * 200)


def takes(text: str, *, required: bool) -> bool:
    fields = Fields({"name": text})
    fields.text("name", required=required)
    try:
        fields.check()
    except InvalidInputError:
        return False
    return True


class TestForms:
    @pytest.mark.parametrize("text", TEXTS)
    def test_say_of_text_what_the_reader_of_fields_takes(self, text: str) -> None:
        assert bool(re.fullmatch(FREE_TEXT, text)) is takes(text, required=False)
        assert bool(re.fullmatch(SOME_TEXT, text)) is takes(text, required=True)

    def test_say_the_same_of_every_letter(self) -> None:
        letters = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
        some = re.compile(SOME_TEXT)
        differing = [letter for letter in letters if (some.fullmatch(letter) is None) is takes(letter, required=True)]
        assert differing == []

    def test_are_written_as_json_schema_writes_them(self) -> None:
        assert whole_form(r"(?!\.{1,2}\Z)[a.]{1,3}") == r"^(?!\.{1,2}$)[a.]{1,3}$"


class TestText:
    @pytest.mark.parametrize(
        ("field", "least", "form"),
        [
            (Text(max_length=9), 1, SOME_TEXT),
            (Text(max_length=9, required=False), 0, FREE_TEXT),
            (Text(max_length=9, required=False, min_length=1), 1, SOME_TEXT),
            (Text(max_length=9, pattern="[a-z]{1,9}", min_length=1), 1, "^[a-z]{1,9}$"),
        ],
    )
    def test_carries_its_bounds(self, field: Text, least: int, form: str) -> None:
        expected = {"type": "string", "minLength": least, "maxLength": 9, "pattern": form}
        assert get_override(field, "field") == get_override(copy.deepcopy(field), "field") == expected


class TestWholeParameter:
    LIMIT = WholeParameter("limit", 2, 5, 3, "How many.")

    @pytest.mark.parametrize(("query", "number"), [("", 3), ("limit=2", 2), ("limit=5", 5)])
    def test_is_read_as_it_is_documented(self, query: str, number: int) -> None:
        fields = Fields(QueryDict(query))
        assert self.LIMIT.read(fields) == number
        fields.check()
        assert self.LIMIT.documented.type == {"type": "integer", "minimum": 2, "maximum": 5, "default": 3}

    @pytest.mark.parametrize("query", ["limit=1", "limit=6"])
    def test_outside_is_a_complaint(self, query: str) -> None:
        fields = Fields(QueryDict(query))
        self.LIMIT.read(fields)
        with pytest.raises(InvalidInputError):
            fields.check()
