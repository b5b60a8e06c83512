import math
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from apps.platform.api.parsing import InvalidInputError
from apps.platform.api.shapes import Body, Errors, Query, read
from apps.platform.api.strict import ContradictingValueError, EachForItself, Several, Text, Whole
from apps.platform.api.values import WrongValueError
from apps.platform.services.errors import ContradictionError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


class Even(Whole):
    """A number that contradicts itself where it is odd."""

    def read(self, value: Any) -> int:
        found = super().read(value)
        if found % 2:
            raise ContradictingValueError("This is odd.", "This is not even.")
        return found


class Sample(Body):
    title = Text(max_length=5)
    note = Text(max_length=5, required=False, allow_null=True)
    pages = Whole(low=1, high=9, default=3, allow_null=True)
    year = Whole(source="published", low=1, high=9, required=False)
    even = Even(low=0, high=9, required=False)


class SampleBatch(Body):
    items = EachForItself(child=Sample(), min_length=1, max_length=2)


class SampleQuery(Query):
    q = Text(max_length=5, required=False)
    limit = Whole(low=1, high=50, default=10)
    levels = Several(child=Whole(low=1, high=12), max_length=3, required=False)


def wrong(shape: type[Body], sent: Any, *, beside: Errors | None = None) -> dict[str, list[str]]:
    with pytest.raises(InvalidInputError) as caught:
        read(shape, sent, beside=beside)
    return caught.value.fields


class TestReadOfABody:
    def test_returns_what_was_sent_and_defaults_under_their_sources(self) -> None:
        assert read(Sample, {"title": " é ", "year": 2}) == {"title": "é", "published": 2, "pages": 3}

    def test_tells_null_from_what_was_left_out(self) -> None:
        assert read(Sample, {"title": "a", "note": None, "pages": None}) == {"title": "a", "note": None, "pages": 3}

    def test_hands_out_no_default_that_a_caller_could_change(self) -> None:
        read(Sample, {"title": "a"}).clear()
        assert read(Sample, {"title": "a"})["pages"] == 3

    def test_finds_every_error_at_once(self) -> None:
        assert wrong(Sample, {"note": 1, "pages": "2", "a\x1b[31m": 1, "year": None, "c": 1}) == {
            "note": ["This must be text."],
            "pages": ["This must be a whole number."],
            "year": ["This field is required."],
            "title": ["This field is required."],
            "a\\x1b[31m": ["There is no such field here."],
            "c": ["There is no such field here."],
        }

    def test_names_the_first_of_many_fields_that_nobody_described(self) -> None:
        assert list(wrong(Sample, {"title": "a", **{f"n{number}": 1 for number in range(9)}})) == [
            "n0",
            "n1",
            "n2",
            "n3",
            "n4",
        ]
        assert list(wrong(Sample, {"title": "a", "n" * 999: 1})) == ["n" * 100]

    @pytest.mark.parametrize("sent", [None, [], "x", 1, 1.5, True])
    def test_refuses_what_is_not_an_object(self, sent: Any) -> None:
        assert wrong(Sample, sent) == {"body": ["This must be an object."]}

    def test_refuses_a_field_without_a_name(self) -> None:
        assert wrong(Sample, {"title": "a", "": 1}) == {"body": ["There is no such field here."]}

    def test_refuses_to_read_by_a_field_that_changes_values(self) -> None:
        class Lax(Body):
            pages = serializers.IntegerField()

        with pytest.raises(TypeError, match=r"^Lax\.pages is sent: declare it as a field of strict\.py\.$"):
            read(Lax, {"pages": "1"})

    def test_says_that_values_do_not_fit_only_where_each_has_its_form(self) -> None:
        assert wrong(Sample, {"title": 1, "even": 3}) == {"title": ["This must be text."]}
        with pytest.raises(ContradictionError) as caught:
            read(Sample, {"title": "a", "even": 3})
        assert (caught.value.status, caught.value.fields) == (409, {"even": ["This is odd.", "This is not even."]})

    def test_adds_what_the_caller_found(self) -> None:
        assert wrong(
            Sample, {"title": 1}, beside={"title": [WrongValueError("No.")], "key": [WrongValueError("No.")]}
        ) == {
            "title": ["No.", "This must be text."],
            "key": ["No."],
        }
        with pytest.raises(ContradictionError):
            read(Sample, {"title": "a"}, beside={"key": [ContradictingValueError("Another one.")]})

    def test_leaves_items_of_a_batch_as_they_came(self) -> None:
        assert read(SampleBatch, {"items": [{"title": 1}, None]}) == {"items": [{"title": 1}, None]}
        assert wrong(SampleBatch, {"items": []}) == {"items": ["Send at least one."]}
        assert wrong(SampleBatch, {"items": [1, 2, 3]}) == {"items": ["At most 2 are allowed, not 3."]}
        assert wrong(SampleBatch, {}) == wrong(SampleBatch, {"items": None}) == {"items": ["This field is required."]}

    @given(sent=JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(Sample().fields, JSON)))
    def test_reads_or_refuses_any_value_by_name(self, sent: Any) -> None:
        try:
            found = read(Sample, sent)
        except (InvalidInputError, ContradictionError) as error:
            assert error.fields  # noqa: PT017
        else:
            assert found.keys() <= {"title", "note", "pages", "published", "even"}
            assert isinstance(found["title"], str)


class TestReadOfAQueryString:
    def test_reads_numbers_written_in_digits_and_repeated_parameters(self) -> None:
        query = QueryDict("q=a+b&limit=5&levels=1&levels=12")
        assert read(SampleQuery, query) == {"q": "a b", "limit": 5, "levels": [1, 12]}
        assert read(SampleQuery, QueryDict("")) == {"limit": 10}

    def test_refuses_what_is_sent_twice_and_is_no_list(self) -> None:
        assert wrong(SampleQuery, QueryDict("q=a&q=a&limit=0&limit=1")) == {
            "q": ["Send this once."],
            "limit": ["Send this once."],
        }

    def test_knows_no_parameters_where_none_are_described(self) -> None:
        assert read(Query, QueryDict("")) == {}
        assert wrong(Query, QueryDict("a=1&a=2")) == {"a": ["There is no such field here."]}

    @pytest.mark.parametrize(
        "value", ["", "1e3", "1.0", "0x10", "٣", "1" * 5000, "--1", "+1", " 1", "51", "1_0", "a\0"]
    )
    @pytest.mark.parametrize("name", ["limit", "levels"])
    def test_refuses_what_is_not_a_whole_number(self, name: str, value: str) -> None:
        query = QueryDict(mutable=True)
        query[name] = value
        assert list(wrong(SampleQuery, query)) == [name]

    def test_a_number_of_a_body_is_not_written_in_digits(self) -> None:
        assert list(wrong(Sample, {"title": "a", "pages": "3"})) == ["pages"]
        assert list(wrong(Sample, {"title": "a", "pages": math.nan})) == ["pages"]
