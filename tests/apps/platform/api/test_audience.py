import pytest
from django.http import QueryDict

from apps.platform.api.audience import AskerQuery, Audience, asked_for, audience_json, explaining
from apps.platform.api.parsing import InvalidInputError
from apps.platform.api.shapes import read
from apps.platform.services.errors import NotFoundError
from epicml.audience.asking import TRUSTED, AnsweredFor, Lowering, Naming, Standing
from epicml.audience.bands import AgeBand

YOUNGEST, SIX, ADULT = AgeBand.AGES_0_TO_5, AgeBand.AGES_6_TO_8, AgeBand.ADULT


def echo(reader: str | None, age_band: AgeBand | None, standing: Standing) -> AnsweredFor:
    assert standing is TRUSTED
    return AnsweredFor(YOUNGEST, Naming.KNOWN, age_band, reader)


class TestAskedFor:
    @pytest.mark.parametrize(
        ("query", "reader", "asked"),
        [
            ("", None, None),
            ("reader=a&age_band=6-8", "a", SIX),
            ("reader=%20a%20", "a", None),
            ("reader=", "", None),
            ("reader=%00", "\0", None),
        ],
    )
    def test_hands_on_whatever_was_sent(self, query: str, reader: str | None, asked: AgeBand | None) -> None:
        found = asked_for(read(AskerQuery, QueryDict(query)), echo, TRUSTED)
        assert (found.reader, found.asked) == (reader, asked)

    @pytest.mark.parametrize("query", ["age_band=7", "reader=a&age_band=", "readers=a", "reader=a&reader=b"])
    def test_refuses_all_else(self, query: str) -> None:
        with pytest.raises(InvalidInputError):
            read(AskerQuery, QueryDict(query))


class TestAudienceJson:
    @pytest.mark.parametrize(
        ("found", "known", "codes"),
        [
            (AnsweredFor(SIX, Naming.KNOWN, None, "a"), True, []),
            (AnsweredFor(SIX, Naming.KNOWN, SIX, "a"), True, []),
            (AnsweredFor(SIX, Naming.KNOWN, ADULT, "a", Lowering.READER), True, ["age_band_lowered"]),
            (AnsweredFor(SIX, Naming.KNOWN, None, "a", Lowering.KEY), True, ["age_band_lowered"]),
            (AnsweredFor(SIX, Naming.NOBODY, ADULT, None, Lowering.NO_PROOF), None, ["age_band_lowered"]),
            (AnsweredFor(YOUNGEST, Naming.NOT_PROVEN, ADULT), None, ["reader_not_proven"]),
            (AnsweredFor(YOUNGEST, Naming.UNKNOWN, ADULT), False, ["reader_unknown"]),
            (AnsweredFor(YOUNGEST, Naming.MALFORMED, None), False, ["reader_malformed"]),
            (AnsweredFor(YOUNGEST, Naming.NOBODY, None), None, ["nobody_named"]),
            (AnsweredFor(ADULT, Naming.NOBODY, ADULT), None, []),
        ],
    )
    def test_says_for_whom_and_why(self, found: AnsweredFor, known: bool | None, codes: list[str]) -> None:
        answer = audience_json(found)
        assert (answer["age_band"], answer["reader_known"]) == (found.age_band.code, known)
        assert [notice["code"] for notice in answer["notices"]] == codes
        assert set(answer) == set(Audience().fields)


class TestExplaining:
    @pytest.mark.parametrize(
        ("naming", "fields"),
        [
            (Naming.UNKNOWN, ["reader"]),
            (Naming.MALFORMED, ["reader"]),
            (Naming.NOT_PROVEN, ["reader"]),
            (Naming.NOBODY, []),
        ],
    )
    def test_adds_the_reader_to_what_was_not_found(self, naming: Naming, fields: list[str]) -> None:
        with pytest.raises(NotFoundError) as caught, explaining(AnsweredFor(YOUNGEST, naming)):
            raise NotFoundError("There is no book 'a'.")
        assert list(caught.value.fields) == fields
