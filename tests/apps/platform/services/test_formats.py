"""Expected texts are the examples of the design's page on formats."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from apps.platform.services import formats

NARROW = "\u202f"
MINUS = "\u2212"


class TestPercent:
    @pytest.mark.parametrize(
        ("share", "digits", "text"),
        [
            (0.041, 1, "4.1"), (0.61, 0, "61"), (0.43, 1, "43.0"), (1.0, 1, "100"), (0.0, 1, "0"),
            (-0.16, 1, f"{MINUS}16.0"),
        ],
    )  # fmt: skip
    def test_puts_a_narrow_space_before_the_sign(self, share: float, digits: int, text: str) -> None:
        assert formats.percent(share, digits) == f"{text}{NARROW}%"

    def test_writes_no_minus_before_a_rounded_zero(self) -> None:
        assert formats.percent(-0.0001) == f"0.0{NARROW}%"

    @pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
    def test_says_that_a_value_is_missing(self, missing: float | None) -> None:
        assert formats.percent(missing) == "–"
        assert formats.percent_change(missing) == "–"
        assert formats.percent_range(missing, 1) == "–"


class TestPercentChange:
    @pytest.mark.parametrize(
        ("share", "text"), [(0.032, "+3.2"), (-0.16, f"{MINUS}16.0"), (0.0, "0"), (0.0001, "0.0"), (0.311, "+31.1")]
    )
    def test_carries_its_sign(self, share: float, text: str) -> None:
        assert formats.percent_change(share) == f"{text}{NARROW}%"


class TestPercentRange:
    def test_has_one_unit_and_no_plus(self) -> None:
        assert formats.percent_range(0.023, 0.059) == f"2.3 to 5.9{NARROW}%"
        assert formats.percent_range(-0.006, 0.033) == f"{MINUS}0.6 to 3.3{NARROW}%"


class TestNumbers:
    def test_thousands_are_grouped(self) -> None:
        assert formats.thousands(21_836) == "21,836"
        assert formats.thousands(-5_904) == f"{MINUS}5,904"
        assert formats.thousands(None) == "–"

    def test_a_change_has_a_sign_unless_it_is_none(self) -> None:
        assert [formats.change(value) for value in (3, 0, -988)] == ["+3", "0", f"{MINUS}988"]

    def test_a_score_has_no_leading_zero(self) -> None:
        assert formats.score(0.0943) == ".0943"
        assert formats.score(-0.0012) == f"{MINUS}.0012"
        assert formats.score(1) == "1.0000"

    def test_sizes_are_in_binary_units(self) -> None:
        assert [formats.size(count) for count in (512, 23_487_000, 64 * 2**20)] == ["512 B", "22.4 MiB", "64 MiB"]

    def test_counts_agree_with_their_noun(self) -> None:
        assert [formats.counted(count, "warning") for count in (0, 1, 2)] == ["0 warnings", "1 warning", "2 warnings"]


class TestTimes:
    AT = datetime(2026, 11, 21, 13, 51, tzinfo=UTC)

    def test_dates_and_times_are_written_out_in_utc(self) -> None:
        assert formats.day(date(2026, 11, 2)) == "2 Nov 2026"
        assert formats.clock(self.AT) == "13:51 UTC"
        assert formats.moment(self.AT.astimezone(timezone(timedelta(hours=12)))) == "21 Nov 2026, 13:51 UTC"
        assert formats.moment(None) == "–"

    def test_a_range_within_a_minute_shows_seconds(self) -> None:
        assert formats.clock_range(self.AT, self.AT + timedelta(minutes=6)) == "13:51 to 13:57 UTC"
        assert formats.clock_range(self.AT, self.AT + timedelta(seconds=9)) == "13:51:00 to 13:51:09 UTC"

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(8, "8 s"), (14 * 60, "14 min"), (3 * 3600 + 5, "3 h"), (86_400, "1 day"), (6 * 86_400, "6 days")],
    )
    def test_ages_use_the_largest_unit(self, seconds: int, text: str) -> None:
        assert formats.age(self.AT, self.AT + timedelta(seconds=seconds)) == text

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0.0009, "0.9 ms"),
            (0.25, "250 ms"),
            (40, "40 s"),
            (72, "1 min 12 s"),
            (364, "6 min 04 s"),
            (7500, "2 h 05 min"),
        ],
    )
    def test_durations(self, seconds: float, text: str) -> None:
        assert formats.duration(seconds) == text


class TestShortHash:
    def test_keeps_both_ends(self) -> None:
        assert formats.short_hash("9f2c41d07be3a4" + "0" * 46 + "e81b") == "9f2c41d07be3a4…e81b"
        assert formats.short_hash("abc") == "abc"
