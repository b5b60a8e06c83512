import gzip
import json
import zlib
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.test import RequestFactory

from apps.platform.api.parsing import InvalidInputError, json_body


def read(body: bytes) -> Any:
    return json_body(RequestFactory().generic("POST", "/", body, "application/json"))


def refusal(body: bytes) -> dict[str, list[str]]:
    with pytest.raises(InvalidInputError) as caught:
        read(body)
    return caught.value.fields


class TestJsonBody:
    def test_reads_what_json_can_say(self) -> None:
        assert read(b'{"a": [1, -2.5, true, null, "\\u00e9\\ud83d\\ude00"]}') == {"a": [1, -2.5, True, None, "é😀"]}

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"  \n",
            b"{",
            b'{"a": 1,}',
            b"NaN",
            b"[Infinity]",
            b"[-Infinity]",
            b"[1e999]",
            b'"\\ud800"',
            b'"\\udc00\\ud800"',
            b'"\xed\xa0\x80"',
            b'"\xff"',
            b'"\x00"',
            b"\xef\xbb\xbf{}",
            b"a=1&b=2",
            b"<x/>",
        ],
    )
    def test_refuses_what_is_not_json(self, body: bytes) -> None:
        assert list(refusal(body)) == ["body"]

    @pytest.mark.parametrize(
        ("body", "headers", "says"),
        [
            ("\ufeff{}".encode(), {}, "without a byte order mark"),
            ("{}".encode("utf-16"), {}, "in UTF-8, without a byte order mark"),
            ("{}".encode("utf-16-be"), {}, "or is in UTF-16"),
            ("{}".encode("utf-32"), {}, "or is in UTF-16 or UTF-32"),
            ('{"a": "é"}'.encode("latin-1"), {}, "Send JSON in UTF-8: byte 8 of this body is not."),
            (gzip.compress(b"{}"), {}, "The body is compressed: send it as it is"),
            (zlib.compress(b"{}"), {"Content-Encoding": "deflate"}, "without Content-Encoding."),
            (b"{,}", {"Content-Encoding": "identity"}, "This is not JSON: "),
        ],
        ids=["mark", "UTF-16", "UTF-16 without a mark", "UTF-32", "Latin-1", "gzip unsaid", "deflate", "none"],
    )
    def test_says_what_to_do_about_another_coding(self, body: bytes, headers: dict[str, str], says: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            json_body(RequestFactory().generic("PUT", "/", body, "application/json", headers=headers))
        assert says in caught.value.fields["body"][0]

    def test_allows_32_levels_and_no_more(self) -> None:
        assert read(b"[" * 32 + b"]" * 32)
        assert "32 levels" in refusal(b"[" * 33 + b"]" * 33)["body"][0]

    @pytest.mark.parametrize("depth", [100, 3000, 100_000])
    def test_refuses_deep_nesting_without_recursion(self, depth: int) -> None:
        assert list(refusal(b'{"a":' * depth + b"1" + b"}" * depth)) == ["body"]

    def test_names_the_field_that_holds_a_nul(self) -> None:
        assert refusal(b'{"books": [{"title": "a\\u0000b"}]}') == {"title": ["Text may not contain the NUL character."]}

    def test_leaves_a_nul_to_who_reads_the_field_that_is_set_apart(self) -> None:
        asked = RequestFactory().generic("POST", "/", b'{"books": ["\\u0000"]}', "application/json")
        assert json_body(asked, apart="books") == {"books": ["\0"]}
        with pytest.raises(InvalidInputError):
            json_body(asked, apart="events")

    def test_refuses_a_nul_in_a_name(self) -> None:
        assert list(refusal(b'{"a\\u0000": 1}')) == ["body"]

    def test_allows_the_six_characters_that_write_a_nul(self) -> None:
        assert read(b'"\\\\u0000"') == "\\u0000"

    def test_refuses_more_than_one_mebibyte(self) -> None:
        exact = json.dumps("x" * (1_048_576 - 2)).encode()
        assert len(exact) == 1_048_576
        assert len(read(exact)) == 1_048_574
        with pytest.raises(RequestDataTooBig):
            read(exact + b" ")

    def test_huge_integers_do_not_pass_as_integers(self) -> None:
        assert isinstance(read(b"123456789012345678901234567890"), float)
