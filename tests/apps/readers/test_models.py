from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.readers.models import Reader
from epicml.audience.bands import AgeBand
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def row(key: str = "tom", **fields: Any) -> Reader:
    """A reader straight into the table, without any service."""
    values = {"age_band": AgeBand.AGES_9_TO_11.value, "created_at": NOW, "updated_at": NOW}
    return Reader.objects.create(key=key, **{**values, **fields})


def refused(**fields: Any) -> str:
    """Which constraint of the database stops this row."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        row(**fields)
    return str(caught.value)


class TestReader:
    @pytest.mark.parametrize("age_band", [6, 7, 32_767])
    def test_of_no_known_age_band_is_refused(self, age_band: int) -> None:
        assert "reader_age_band_known" in refused(age_band=age_band)

    def test_of_a_negative_age_band_is_refused(self) -> None:
        assert "age_band" in refused(age_band=-1)

    def test_without_an_age_band_is_refused(self) -> None:
        assert "age_band" in refused(age_band=None)

    @pytest.mark.parametrize("age_band", list(AgeBand))
    def test_of_every_band_is_stored(self, age_band: AgeBand) -> None:
        row(age_band=age_band.value)

    def test_is_one_for_each_key(self) -> None:
        row("tom")
        assert "key" in refused(key="tom")
        row("Tom")  # a pseudonym is what the library says, letter by letter

    @pytest.mark.parametrize(("low", "high"), [(0, 3), (3, 13), (5, 4), (13, 13)])
    def test_with_levels_out_of_order_or_range_is_refused(self, low: int, high: int) -> None:
        assert "reader_levels_in_order" in refused(level_min=low, level_max=high)

    @pytest.mark.parametrize(("low", "high"), [(None, 4), (4, None)])
    def test_with_one_end_of_the_levels_is_refused(self, low: int | None, high: int | None) -> None:
        assert "reader_levels_in_order" in refused(level_min=low, level_max=high)

    @pytest.mark.parametrize(("low", "high"), [(None, None), (1, 12), (4, 4)])
    def test_with_levels_in_order_or_none_is_stored(self, low: int | None, high: int | None) -> None:
        row(level_min=low, level_max=high)
