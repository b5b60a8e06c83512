from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from apps.catalog.models import Book
from apps.catalog.selectors.books import all_book_ids
from apps.events.models import OWN_SHAPE, Event, EventKind, ServedList
from apps.events.services.lists import new_list_id
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

    @pytest.mark.parametrize("kind", sorted(set(EventKind.values) - {"rated", *OWN_SHAPE}))
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

    @pytest.mark.parametrize("missing", ["reader_id", "book_id"])
    @pytest.mark.parametrize("kind", ["shown", "opened", "started", "finished", "liked", "hidden"])
    def test_of_an_act_without_its_reader_or_book_is_refused(self, kind: str, missing: str) -> None:
        assert "event_has_what_its_kind_needs" in refused(kind=kind, **{missing: None})

    @pytest.mark.parametrize(
        "fields",
        [
            {"unit_kind": "classroom", "unit_key": "c-7"},  # both a reader and a unit
            {"reader_id": None},  # neither
            {"reader_id": None, "unit_kind": "classroom"},
            {"reader_id": None, "unit_key": "c-7"},
            {"reader_id": None, "unit_kind": "classroom", "unit_key": "c-7", "details": None},
        ],
    )
    def test_of_an_exposure_without_one_reader_or_one_unit_and_its_arm_is_refused(self, fields: dict[str, Any]) -> None:
        exposure = {"kind": "exposed", "book_id": None, "details": {"experiment": "x", "arm": "b"}}
        assert "event_has_what_its_kind_needs" in refused(**{**exposure, **fields})

    def test_of_an_exposure_on_a_book_is_refused(self) -> None:
        details = {"experiment": "x", "arm": "b"}
        assert "event_has_what_its_kind_needs" in refused(kind="exposed", details=details)

    def test_of_an_exposure_of_a_classroom_or_a_reader_is_stored(self) -> None:
        details = {"experiment": "ranking", "arm": "b"}
        classroom = {"reader_id": None, "unit_kind": "classroom", "unit_key": "c-7"}
        row("e1", kind="exposed", book_id=None, details=details, **classroom)
        row("e2", kind="exposed", book_id=None, details=details)
        assert Event.objects.get(event_id="e1").details == details

    def test_of_a_unit_of_an_unknown_kind_is_refused(self) -> None:
        exposure = {"kind": "exposed", "book_id": None, "reader_id": None, "details": {"arm": "b"}}
        assert "event_unit_kind_known" in refused(**exposure, unit_kind="street", unit_key="c-7")

    def test_of_an_act_with_details_or_a_unit_is_refused(self) -> None:
        assert "event_has_what_its_kind_needs" in refused(details={"typed": "x"})
        assert "event_has_what_its_kind_needs" in refused(unit_kind="household", unit_key="h-1")

    def test_of_a_session_is_stored_with_or_without_reader_and_book(self) -> None:
        details: dict[str, Any] = {"typed": "light th", "shown": [], "chosen": None}
        row("e1", kind="typed", details=details)
        row("e2", kind="typed", details=details, reader_id=None, book_id=None)
        assert "event_has_what_its_kind_needs" in refused(event_id="e3", kind="typed", book_id=None)

    @pytest.mark.parametrize("position", [0, -1])
    def test_at_a_position_before_the_first_is_refused(self, position: int) -> None:
        assert "position" in refused(position=position)

    def test_with_an_unknown_mark_is_refused(self) -> None:
        assert "event_list_mark_known" in refused(list_mark="perhaps")


def served(**fields: Any) -> ServedList:
    """A list straight into the table."""
    values = {"id": new_list_id(NOW), "surface": "home", "age_band": 2, "items": [1, 2], "served_at": NOW}
    return ServedList.objects.create(**{**values, **fields})


class TestServedList:
    @pytest.mark.parametrize(
        ("fields", "constraint"),
        [({"first_position": 0}, "position"), ({"age_band": 6}, "served_list_age_band_known")],
    )
    def test_outside_its_bounds_is_refused(self, fields: dict[str, Any], constraint: str) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            served(**fields)

    def test_is_stored_once_for_each_id_of_a_sender(self) -> None:
        served()
        served()
        served(sender="7", sent_id="a")
        served(sender="8", sent_id="a")
        with pytest.raises(IntegrityError, match="sent_id"), transaction.atomic():
            served(sender="7", sent_id="a")

    def test_goes_with_its_reader(self) -> None:
        served(reader_id=all_reader_ids()["r1"])
        served()
        Reader.objects.filter(key="r1").delete()
        assert ServedList.objects.count() == 1
