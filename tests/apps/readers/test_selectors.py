from datetime import datetime

import pytest

from apps.readers.selectors import (
    Audience,
    ReaderNotFoundError,
    all_reader_ids,
    answered_for,
    audience,
    reader_bands,
    reader_ids,
    reader_profile,
    sample_readers,
)
from apps.readers.services import ReaderInput, save_readers
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_readers(now: datetime) -> None:
    save_readers(
        [
            ReaderInput(key="a", age_band=AgeBand.AGES_9_TO_11, level_min=3, level_max=6, languages=("en", "de")),
            ReaderInput(key="b", age_band=AgeBand.AGES_9_TO_11),
            ReaderInput(key="c", age_band=AgeBand.ADULT),
        ],
        now=now,
    )


class TestReaderProfile:
    def test_holds_what_decides_which_books_fit(self) -> None:
        profile = reader_profile("a")

        assert profile.as_json() == {
            "key": "a",
            "age_band": "9-11",
            "level_min": 3,
            "level_max": 6,
            "languages": ("en", "de"),
        }

    @pytest.mark.parametrize("key", ["nobody", "", "a\0", "x" * 65, "' OR 1=1 --", "\ud800"])
    def test_does_not_find_what_is_no_reader(self, key: str) -> None:
        with pytest.raises(ReaderNotFoundError):
            reader_profile(key)


class TestReaderIds:
    def test_leaves_out_unknown_readers(self) -> None:
        assert reader_ids(["a", "x"]) == {"a": reader_profile("a").id}
        assert all_reader_ids().keys() == {"a", "b", "c"}

    def test_leads_to_the_age_bands(self) -> None:
        assert reader_bands()[reader_profile("c").id] is AgeBand.ADULT


class TestSampleReaders:
    def test_takes_the_first_of_each_band(self) -> None:
        assert [profile.key for profile in sample_readers(per_band=1)] == ["a", "c"]


class TestAudience:
    @pytest.mark.parametrize(
        ("reader", "band", "expected"),
        [
            (None, None, AgeBand.AGES_0_TO_5),
            (None, AgeBand.ADULT, AgeBand.ADULT),
            ("a", None, AgeBand.AGES_9_TO_11),
            ("a", AgeBand.ADULT, AgeBand.AGES_9_TO_11),
            ("a", AgeBand.AGES_0_TO_5, AgeBand.AGES_0_TO_5),
            ("c", AgeBand.AGES_6_TO_8, AgeBand.AGES_6_TO_8),
        ],
    )
    def test_is_the_lower_band_and_the_youngest_without_any(
        self, reader: str | None, band: AgeBand | None, expected: AgeBand
    ) -> None:
        found = audience(reader, band)

        assert found.age_band is expected
        assert (found.reader.key if found.reader else None) == reader

    @pytest.mark.parametrize("key", ["nobody", "", "a b", "a\n", "\0", "\ud800", "x" * 65, "A"])
    def test_takes_who_is_not_known_for_the_youngest(self, key: str) -> None:
        assert audience(key, AgeBand.ADULT) == Audience(AgeBand.AGES_0_TO_5, None)


class TestAnsweredFor:
    @pytest.mark.parametrize(
        ("key", "naming"),
        [
            (None, "nobody"),
            ("a", "known"),
            ("A", "unknown"),
            ("nobody", "unknown"),
            ("a b", "malformed"),
            ("", "malformed"),
        ],
    )
    def test_says_how_the_reader_was_named(self, key: str | None, naming: str) -> None:
        found = answered_for(key, AgeBand.ADULT)

        assert found.naming == naming
        assert found.age_band is audience(key, AgeBand.ADULT).age_band
        assert found.reader == ("a" if key == "a" else None)
