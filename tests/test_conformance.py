import json
from typing import Any

import pytest

from tests.conformance import Answer, differences, strict

HEADERS = {"X-Request-Id": "a1b2c3d4", "Content-Type": "application/json"}
READER = {"key": "mia", "age_band": "6-8", "level_min": None, "level_max": None, "languages": ["en"]}
TOKEN = {"token": "t", "expires_at": "2026-11-24T12:00:00Z"}
ERROR = {"code": "invalid", "message": "No.", "fields": {"q": ["No."]}}
JOB = "/api/v1/jobs/1"


def an_answer(body: Any, **other: Any) -> Answer:
    said = {"method": "GET", "address": "/api/v1/readers/mia", "status": 200, "headers": HEADERS, **other}
    return Answer(content=body if isinstance(body, bytes) else json.dumps(body).encode(), **said)


class TestDifferences:
    @pytest.mark.parametrize(
        "answer",
        [
            an_answer(READER),
            an_answer({**READER, "level_min": 1, "level_max": 12, "languages": []}),
            an_answer(READER, method="PUT", status=201),
            an_answer(b"", method="HEAD"),
            an_answer(b"", method="OPTIONS", status=204),
            an_answer(ERROR, status=404),
            an_answer(ERROR, address="/api/v1/nothing", status=404),
            an_answer(ERROR, method="TRACE", status=405),
            an_answer(ERROR, status=429, headers={**HEADERS, "Retry-After": "1"}),
            an_answer(TOKEN, address="/api/v1/readers/a/tokens", method="POST"),
            an_answer(ERROR, status=401, headers={**HEADERS, "WWW-Authenticate": "Bearer"}),
        ],
    )
    def test_are_none_where_the_answer_is_as_published(self, answer: Answer) -> None:
        assert differences(answer) == []

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (an_answer({**READER, "name": "Mia"}), "name"),
            (an_answer({name: READER[name] for name in READER if name != "languages"}), "languages"),
            (an_answer({**READER, "level_min": "1"}), "level_min"),
            (an_answer({**READER, "level_min": 13}), "level_min"),
            (an_answer({**READER, "age_band": None}), "age_band"),
            (an_answer({**READER, "age_band": "7"}), "age_band"),
            (an_answer({**READER, "languages": [1]}), "languages/0"),
            (an_answer({**READER, "key": "a b"}), "key"),
            (
                an_answer({**TOKEN, "expires_at": "tomorrow"}, address="/api/v1/readers/a/tokens", method="POST"),
                "expires_at",
            ),
            (an_answer(READER, status=201), "No answer 201 of GET"),
            (an_answer(READER, address="/api/v1/nothing"), "No answer 200 of GET"),
            (an_answer({**ERROR, "detail": "No."}, address="/api/v1/nothing", status=404), "detail"),
            (an_answer(READER, headers={**HEADERS, "Content-Type": "text/html"}), "text/html"),
            (an_answer(READER, headers={"Content-Type": "application/json"}), "X-Request-Id is missing"),
            (an_answer(READER, headers={**HEADERS, "X-Request-Id": "a b"}), "X-Request-Id"),
            (an_answer(ERROR, status=429, headers={**HEADERS, "Retry-After": "0"}), "Retry-After"),
            (an_answer(ERROR, status=429, headers={**HEADERS, "Retry-After": "soon"}), "Retry-After"),
            (an_answer(ERROR, status=401), "WWW-Authenticate is missing"),
            (an_answer(READER, method="HEAD"), "There is a body"),
        ],
    )
    def test_name_what_is_not(self, answer: Answer, said: str) -> None:
        found = differences(answer)
        assert found
        assert all(said in difference for difference in found)


class TestStrict:
    def test_shuts_every_object_that_is_described(self) -> None:
        inner = {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}}
        found = strict({"type": "array", "items": inner})
        assert found["items"]["additionalProperties"] is False
        assert found["items"]["properties"]["a"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}

    def test_leaves_one_open_that_says_so(self) -> None:
        assert strict({"type": "object", "additionalProperties": {}})["additionalProperties"] == {}

    def test_takes_no_property_for_a_keyword(self) -> None:
        found = strict({"type": "object", "properties": {"nullable": {"type": "boolean"}, "properties": {}}})
        assert set(found["properties"]) == {"nullable", "properties"}
