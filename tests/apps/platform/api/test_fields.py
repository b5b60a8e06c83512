import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from apps.platform.api.fields import Fields, InvalidInputError
from apps.platform.services.errors import ContradictionError
from epicml.audience.bands import AgeBand

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
READERS: dict[str, Callable[[Fields], Any]] = {
    "text": lambda fields: fields.text("a", max_length=5),
    "integer": lambda fields: fields.integer("a", low=1, high=50),
    "number": lambda fields: fields.number("a", low=0, high=1),
    "choice": lambda fields: fields.choice("a", ("x", "y")),
    "boolean": lambda fields: fields.boolean("a"),
    "texts": lambda fields: fields.texts("a", max_items=2, max_length=5, required=True),
    "records": lambda fields: fields.records("a", max_items=2),
    "moment": lambda fields: fields.moment("a"),
    "age_band": lambda fields: fields.age_band("a"),
}


def complaints(fields: Fields) -> dict[str, list[str]]:
    with pytest.raises(InvalidInputError) as caught:
        fields.check()
    return caught.value.fields


REFUSED: dict[str, list[Any]] = {
    "text": ["", "  ", "123456", "a\0", "a\nb", "\x85", "\ud800", 1, True, [], {}],
    "integer": [0, 51, 10**30, 1.0, 1.5, math.nan, "1", True, [1], {}],
    "number": [-0.1, 1.1, math.nan, math.inf, "0.5", True, []],
    "choice": ["z", "", 1, ["x"], {"x": 1}],
    "boolean": [0, 1, "true", ""],
    "texts": ["a", {"a": 1}, ["a", "b", "c"], ["a", 1], [""], ["123456"]],
    "records": [[], "a", {}, [1, 2, 3]],
    "moment": [
        "2026-11-24T12:00:00",
        "2026-11-24",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-02-30T00:00:00Z",
        "2026-11-24T25:00:00Z",
        "2026-11-24T12:00:00+99:00",
        "now",
        0,
        1e308,
    ],
    "age_band": ["", "9-12", "ADULT", 2, None, ["adult"]],
}


class TestFieldsOfAnObject:
    @pytest.mark.parametrize(
        ("kind", "value", "read"),
        [
            ("text", " é ", "é"),
            ("integer", 50, 50),
            ("number", 1, 1.0),
            ("choice", "y", "y"),
            ("boolean", False, False),
            ("texts", ["a", "b "], ["a", "b"]),
            ("records", [1, {}], [1, {}]),
            ("moment", "2026-11-24T12:00:00.5+02:00", datetime(2026, 11, 24, 10, 0, 0, 500_000, tzinfo=UTC)),
            ("age_band", "9-11", AgeBand.AGES_9_TO_11),
        ],
    )
    def test_reads(self, kind: str, value: Any, read: Any) -> None:
        fields = Fields({"a": value})
        assert READERS[kind](fields) == read
        fields.check()

    @pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in REFUSED.items() for value in values])
    def test_refuses_and_names_the_field(self, kind: str, value: Any) -> None:
        fields = Fields({"a": value})
        READERS[kind](fields)
        assert list(complaints(fields)) == ["a"]

    @pytest.mark.parametrize("kind", READERS)
    @given(value=JSON)
    def test_any_value_is_read_or_refused(self, kind: str, value: Any) -> None:
        fields = Fields({"a": value})
        READERS[kind](fields)
        try:
            fields.check()
        except InvalidInputError as error:
            assert list(error.fields) == ["a"]  # noqa: PT017

    @pytest.mark.parametrize("kind", READERS)
    def test_a_missing_field_is_named(self, kind: str) -> None:
        fields = Fields({})
        READERS[kind](fields)
        assert complaints(fields) == {"a": ["This field is required."]}

    def test_null_is_missing(self) -> None:
        fields = Fields({"a": None, "b": None})
        assert fields.optional_integer("a", low=1, high=2) is None
        assert fields.integer("b", default=7, low=1, high=9) == 7
        fields.check()

    def test_all_complaints_come_at_once(self) -> None:
        fields = Fields({"a": 1, "b": "x", "c": 3, "d": 4})
        fields.text("a")
        fields.integer("b", low=1, high=2)
        assert complaints(fields) == {
            "a": ["This must be text."],
            "b": ["This must be a whole number."],
            "c": ["There is no such field here."],
            "d": ["There is no such field here."],
        }

    @pytest.mark.parametrize("source", [None, [], "x", 1, 1.5, True])
    def test_refuses_what_is_not_an_object(self, source: Any) -> None:
        assert complaints(Fields(source)) == {"body": ["This must be an object."]}

    def test_names_the_place_of_a_nested_field(self) -> None:
        fields = Fields({"key": 1}, prefix="books.3")
        fields.text("key")
        assert complaints(fields) == {"books.3.key": ["This must be text."]}

    def test_text_may_have_to_fit_a_pattern(self) -> None:
        fields = Fields({"key": "../etc"})
        fields.text("key", pattern=re.compile(r"[a-z]+"))
        assert list(complaints(fields)) == ["key"]

    def test_an_unknown_name_is_shown_without_control_characters(self) -> None:
        assert list(complaints(Fields({"a\x1b[31m": 1}))) == ["a\\x1b[31m"]


class TestFieldsOfAQueryString:
    def test_reads_numbers_and_words_from_text(self) -> None:
        fields = Fields(QueryDict("limit=5&share=0.5&exact=1&q=a+b&age_band=adult"))
        assert fields.integer("limit", default=10, low=1, high=50) == 5
        assert fields.number("share", low=0, high=1) == 0.5
        assert fields.boolean("exact", default=False) is True
        assert fields.text("q") == "a b"
        assert fields.optional_age_band() == AgeBand.ADULT
        fields.check()

    def test_says_that_values_do_not_fit_only_where_each_has_its_form(self) -> None:
        fields = Fields(QueryDict("low=3&high=2"))
        fields.integer("low", low=1, high=9)
        fields.contradict("low", "This is above the other.")
        with pytest.raises(InvalidInputError) as invalid:
            fields.check()
        assert list(invalid.value.fields) == ["high"]
        other = Fields(QueryDict("low=3"))
        other.integer("low", low=1, high=9)
        other.contradict("low", "This is above the other.")
        with pytest.raises(ContradictionError) as contradiction:
            other.check()
        assert (contradiction.value.status, contradiction.value.fields) == (409, {"low": ["This is above the other."]})

    def test_refuses_a_repeated_field_and_of_a_list_takes_all(self) -> None:
        fields = Fields(QueryDict("q=a&q=a&language=en&language=fr"))
        fields.text("q")
        assert fields.texts("language", max_items=5) == ["en", "fr"]
        assert complaints(fields) == {"q": ["Send this once."]}

    @pytest.mark.parametrize("value", ["", "1e3", "1.0", "0x10", "٣", "1" * 5000, "--1", "+1", " 1", "51", "1_0"])
    def test_refuses_what_is_not_a_whole_number(self, value: str) -> None:
        query = QueryDict(mutable=True)
        query["limit"] = value
        fields = Fields(query)
        fields.integer("limit", default=10, low=1, high=50)
        assert list(complaints(fields)) == ["limit"]

    def test_refuses_a_nul(self) -> None:
        fields = Fields(QueryDict("q=a%00b"))
        fields.text("q")
        assert complaints(fields) == {"q": ["Control characters are not allowed."]}
