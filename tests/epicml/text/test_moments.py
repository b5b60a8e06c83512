from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.moments import DayOrder, DayOrderExamples, UnknownMomentError, moment_of


class TestMomentOf:
    @given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001
    def test_reads_what_programs_write(self, moment: datetime) -> None:
        moment = moment.replace(microsecond=0, tzinfo=UTC)
        written = (
            moment.isoformat(),
            moment.strftime("%Y/%m/%d %H:%M:%S"),
            moment.strftime("%d.%m.%Y %H:%M:%S"),
            moment.strftime("%b %d, %Y %H:%M:%S"),
            moment.strftime("%a %b %d %H:%M:%S +0000 %Y"),
            str(int(moment.timestamp())).zfill(9),
            str(int(moment.timestamp()) * 1000).zfill(13),
        )
        assert {moment_of(text) for text in written} == {moment}

    def test_reads_zones(self) -> None:
        expected = datetime(2026, 11, 1, 10, tzinfo=timezone(timedelta(hours=2)))
        assert moment_of("2026-11-01T10:00:00+02:00") == moment_of("2026/11/01 10:00 +0200") == expected

    def test_takes_the_stated_form_only(self) -> None:
        assert moment_of("31|01|24", pattern="%d|%m|%y") == datetime(2024, 1, 31, tzinfo=UTC)
        with pytest.raises(UnknownMomentError):
            moment_of("2024-01-31", pattern="%d|%m|%y")

    @pytest.mark.parametrize(
        "text", ["", "soon", "32.01.2024", "2024/13/01", "31/02/2024", "01/02/2024", "99", "Foo 31, 2024", "13/13/2024"]
    )
    def test_refuses_what_is_none(self, text: str) -> None:
        with pytest.raises(UnknownMomentError):
            moment_of(text)

    @given(st.text(max_size=40), st.sampled_from([None, *DayOrder]))
    def test_answers_any_text_or_refuses_it(self, text: str, order: DayOrder | None) -> None:
        with suppress(UnknownMomentError):
            assert moment_of(text, order=order).tzinfo is not None


def examples(*dates: str) -> DayOrderExamples:
    found = DayOrderExamples()
    for date in dates:
        found.add(date)
    return found


class TestDayOrderExamples:
    def test_is_told_by_one_date_of_a_column(self) -> None:
        assert examples("01/02/2024", "12/31/2024").order is DayOrder.MONTH_FIRST
        assert examples("01/02/2024", "31-12-2024").order is DayOrder.DAY_FIRST

    def test_is_undecided_only_where_it_matters(self) -> None:
        assert examples("01/02/2024").undecided
        assert examples("13/02/2024", "02/13/2024", "01/02/2024").undecided
        assert not examples("05/05/2024", "2024-01-02", "", "31.12.2024").undecided
