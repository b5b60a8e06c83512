from datetime import datetime, timedelta

import pytest

from apps.catalog.models import Book, Change
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, save_books
from apps.catalog.services.restoring import carry_restrictions, reapply_restrictions
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db

SMALL, TALL = AgeBand.AGES_0_TO_5, AgeBand.AGES_15_TO_17


@pytest.fixture(autouse=True)
def shelf(now: datetime) -> None:
    save_books([BookInput(key=key, title=key, age_band=SMALL) for key in ("a", "b", "c")], now=now)


def bands() -> dict[str, int]:
    return dict(Book.objects.live().values_list("key", "age_band"))


class TestReapplyRestrictions:
    def test_keeps_a_band_that_staff_raised_since_and_tells_the_change_log(self, now: datetime) -> None:
        save_books([BookInput(key="a", age_band=TALL, by_staff=True)], now=now)
        carried = carry_restrictions()
        Book.objects.filter(key="a").update(age_band=SMALL.value, age_band_source="given")  # as in the backup
        last = Change.objects.count()

        said = reapply_restrictions([carried], now + timedelta(hours=1))

        assert said == "1 books stay in the higher age band that staff gave them since."
        assert bands() == {"a": TALL.value, "b": SMALL.value, "c": SMALL.value}
        assert Book.objects.get(key="a").age_band_source == "staff"
        assert Change.objects.count() == last + 1

    def test_lowers_no_band(self, now: datetime) -> None:
        save_books([BookInput(key="a", age_band=SMALL, by_staff=True)], now=now)
        carried = carry_restrictions()
        Book.objects.filter(key="a").update(age_band=TALL.value)

        assert reapply_restrictions([carried], now) == ""
        assert bands()["a"] == TALL.value

    def test_keeps_withdrawn_what_was_withdrawn_since(self, now: datetime) -> None:
        delete_books(["b"], now=now)
        carried = carry_restrictions()
        Book.objects.update(withdrawn_at=None)

        assert reapply_restrictions([carried], now) == "1 books stay withdrawn that were since."
        assert set(bands()) == {"a", "c"}

    def test_believes_the_newest_word(self, now: datetime) -> None:
        delete_books(["b"], now=now)
        before = carry_restrictions()
        Book.objects.update(withdrawn_at=None)

        assert reapply_restrictions([before, carry_restrictions()], now) == ""
        assert set(bands()) == {"a", "b", "c"}

    def test_says_nothing_where_nothing_is_known(self, now: datetime) -> None:
        assert reapply_restrictions([], now) == ""
        assert reapply_restrictions([{"age_bands": {"elsewhere": 5}, "withdrawn": ["elsewhere"]}], now) == ""
