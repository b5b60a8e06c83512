from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from apps.catalog.models import Book
from apps.catalog.selectors.books import all_book_ids
from apps.events.models import Event, EventKind
from apps.readers.models import Reader
from apps.readers.selectors import all_reader_ids
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def row(event_id: str = "e1", **fields: Any) -> Event:
    """An event straight into the table, without any service."""
    values = {
        "reader_id": all_reader_ids()["r1"],
        "book_id": all_book_ids()["b1"],
        "kind": "liked",
        "surface": "",
        "list_id": "",
        "occurred_at": NOW,
        "received_at": NOW,
    }
    return Event.objects.create(event_id=event_id, **{**values, **fields})


def refused(**fields: Any) -> str:
    """Which constraint of the database stops this row."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        row(**fields)
    return str(caught.value)


class TestEvent:
    @pytest.mark.parametrize("value", [0.5, 5.5, -1.0, float("inf"), None])
    def test_of_a_rating_outside_1_to_5_is_refused(self, value: float | None) -> None:
        assert "event_rating_1_to_5" in refused(kind="rated", value=value)

    @pytest.mark.parametrize("kind", sorted(set(EventKind.values) - {"rated"}))
    def test_with_a_value_that_is_no_rating_is_refused(self, kind: str) -> None:
        assert "event_rating_1_to_5" in refused(kind=kind, value=3.0)

    def test_of_an_unknown_kind_is_refused(self) -> None:
        assert "event_kind_known" in refused(kind="bought")

    @pytest.mark.parametrize(("kind", "value"), [("rated", 1.0), ("rated", 5.0), ("shown", None), ("hidden", None)])
    def test_of_a_known_kind_is_stored(self, kind: str, value: float | None) -> None:
        row(kind=kind, value=value)

    def test_is_stored_once_for_each_id(self) -> None:
        row("e1")
        assert "event_id" in refused(event_id="e1", kind="shown")

    def test_goes_with_its_reader_and_keeps_its_book(self) -> None:
        row()
        with pytest.raises(ProtectedError):
            Book.objects.filter(key="b1").delete()
        Reader.objects.filter(key="r1").delete()
        assert not Event.objects.exists()
