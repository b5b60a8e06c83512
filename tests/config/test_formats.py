from datetime import UTC, datetime

from django.contrib.admin.utils import display_for_value


class TestDatesInTheAdmin:
    def test_are_written_as_on_the_staffs_own_pages(self) -> None:
        assert display_for_value(datetime(2026, 11, 2, 5, 21, tzinfo=UTC), "–") == "2 Nov 2026, 05:21 UTC"
