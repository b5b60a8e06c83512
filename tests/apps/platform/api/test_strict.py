import copy
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from drf_spectacular.drainage import get_override

from apps.platform.api.bounds import FREE_TEXT, SOME_TEXT
from apps.platform.api.strict import (
    AnyObject,
    AnyText,
    Band,
    Choice,
    ContradictingValueError,
    Distinct,
    EachForItself,
    Language,
    Moment,
    Number,
    Several,
    StrictField,
    Text,
    TypedText,
    Whole,
)
from apps.platform.api.values import WrongValueError
from epicml.audience.bands import AgeBand

FIELDS: dict[str, StrictField] = {
    "text": Text(max_length=5),
    "form": Text(max_length=5, pattern="[a-z]+"),
    "exact": Text(max_length=5, exact=True),
    "typed": TypedText(max_length=5, required=False),
    "language": Language(max_length=20),
    "perhaps a language": Language(max_length=20, required=False),
    "any text": AnyText(),
    "whole": Whole(low=1, high=50),
    "number": Number(low=0, high=1),
    "choice": Choice(("x", "y")),
    "band": Band(),
    "moment": Moment(),
    "several": Several(child=Text(max_length=5), max_length=2),
    "some": Several(child=Text(max_length=5), min_length=1, max_length=2),
    "distinct": Distinct(child=Language(max_length=20), max_length=3),
    "each": EachForItself(child=Text(max_length=5), max_length=2),
    "object": AnyObject(),
}
REFUSED: dict[str, list[Any]] = {
    "text": ["", "  ", "123456", "a\0", "a\nb", "\x85", "\ud800", 1, True, [], {}],
    "form": ["A", " a", "a ", "a\n", ""],
    "exact": [" a", "a "],
    "typed": ["123456", "a\0", 1],
    "language": ["", " en", "English!", 1],
    "perhaps a language": [" ", "English!", 1],
    "whole": [0, 51, 10**30, 1.0, 1.5, math.nan, "1", True, [1], {}],
    "number": [-0.1, 1.1, math.nan, math.inf, "0.5", True, []],
    "choice": ["z", "", 1, ["x"], {"x": 1}],
    "band": ["", "9-12", "ADULT", 2, ["adult"]],
    "moment": ["2026-11-24", "2026-02-30T00:00:00Z", "2026-11-24T25:00:00Z", "now", 0, "0001-01-01T00:00:00Z"],
    "several": ["a", {"a": 1}, ["a", "b", "c"], ["a", 1], [""], [None]],
    "some": [[]],
    "distinct": [["en", "English!"], "en"],
    "each": ["a", {}, [1, 2, 3]],
    "object": ["", "{}", [], 1],
}


class TestStrictFields:
    @pytest.mark.parametrize(
        ("name", "value", "read"),
        [
            ("text", " é ", "é"),
            ("form", "abc", "abc"),
            ("exact", "a b", "a b"),
            ("typed", " a ", " a "),
            ("typed", "  ", "  "),
            ("language", "en-GB", "en"),
            ("perhaps a language", "", "und"),
            ("any text", " \0", " \0"),
            ("whole", 50, 50),
            ("number", 1, 1.0),
            ("choice", "y", "y"),
            ("band", "9-11", AgeBand.AGES_9_TO_11),
            ("moment", "2026-11-24T12:00:00.5+02:00", datetime(2026, 11, 24, 10, 0, 0, 500_000, tzinfo=UTC)),
            ("several", ["a", "b "], ["a", "b"]),
            ("several", [], []),
            ("distinct", ["EN", "de", "en-GB"], ("en", "de")),
            ("each", [1, {}], [1, {}]),
            ("object", {"a": [1]}, {"a": [1]}),
        ],
    )
    def test_read(self, name: str, value: Any, read: Any) -> None:
        assert FIELDS[name].value_of(value) == read

    @pytest.mark.parametrize(("name", "value"), [(name, value) for name, wrong in REFUSED.items() for value in wrong])
    def test_refuse_every_other_form(self, name: str, value: Any) -> None:
        with pytest.raises(WrongValueError) as caught:
            FIELDS[name].value_of(value)
        assert not isinstance(caught.value, ContradictingValueError)

    @pytest.mark.parametrize("name", FIELDS)
    def test_take_null_only_where_it_is_allowed(self, name: str) -> None:
        with pytest.raises(WrongValueError, match=r"^This field is required\.$"):
            FIELDS[name].value_of(None)
        assert Text(max_length=1, required=False, allow_null=True).value_of(None) is None
        assert Whole(low=1, high=9, default=4, allow_null=True).value_of(None) == 4

    @pytest.mark.parametrize("name", FIELDS)
    def test_read_the_same_once_they_are_copied(self, name: str) -> None:
        field = copy.deepcopy(FIELDS[name])
        assert (type(field), get_override(field, "field")) == (type(FIELDS[name]), get_override(FIELDS[name], "field"))


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
