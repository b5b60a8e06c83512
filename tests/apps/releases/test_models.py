from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from apps.releases.models import Decision, Release
from tests.apps.releases.numbers import NOON

pytestmark = pytest.mark.django_db

SUM = "0" * 64


def row(key: str = "1", **fields: Any) -> Release:
    """A release straight into the table, without any service."""
    values = {"kind": "numbers", "created_by": "ada", "created_at": NOON, "sha256": SUM, "gate_passed": True}
    return Release.objects.create(key=key, **{**values, **fields})


def refused(key: str = "1", **fields: Any) -> str:
    """Which constraint of the database stops this row; SQLite names columns where PostgreSQL names the index."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        row(key, **fields)
    return str(caught.value)


class TestOneLiveReleaseOfAKind:
    def test_a_second_one_is_refused(self) -> None:
        row("1", state="live")
        assert "kind" in refused("2", state="live")
        assert Release.objects.live().count() == 1

    def test_one_of_each_kind_is_not(self) -> None:
        row("1", state="live")
        row("1", kind="letters", state="live")

    def test_any_number_may_have_been_live_before(self) -> None:
        for key in ("1", "2", "3"):
            row(key, state="retired")
        row("4", state="live")


class TestReleaseConstraints:
    def test_a_key_names_one_release_of_its_kind(self) -> None:
        row("1")
        assert "key" in refused("1")
        row("1", kind="letters")

    @pytest.mark.parametrize("state", ["passed", "live", "retired"])
    @pytest.mark.parametrize("gate_passed", [False, None])
    def test_nothing_is_served_that_did_not_pass_its_gate(self, state: str, gate_passed: bool | None) -> None:
        assert "releases_served_only_through_the_gate" in refused(state=state, gate_passed=gate_passed)

    @pytest.mark.parametrize("state", ["built", "evaluated", "passed", "refused", "live", "retired"])
    def test_what_was_built_has_a_hash(self, state: str) -> None:
        assert "releases_built_has_a_hash" in refused(state=state, sha256="")

    @pytest.mark.parametrize("state", ["building", "refused_by_audit", "failed"])
    def test_what_was_not_built_needs_none(self, state: str) -> None:
        row(state=state, sha256="", gate_passed=None)

    def test_the_release_that_another_was_compared_with_stays(self) -> None:
        champion = row("1")
        row("2", champion=champion)
        with pytest.raises(ProtectedError):
            champion.delete()


class TestDecision:
    def test_keeps_the_releases_that_it_names(self) -> None:
        first, second = row("1", state="retired"), row("2", state="live")
        Decision.objects.create(release=second, action="promote", replaced=first, decided_by="ada", at=NOON)
        for release in (first, second):
            with pytest.raises(ProtectedError):
                release.delete()


class TestReleaseQuerySet:
    def test_tells_what_is_at_work_from_what_is_done(self) -> None:
        for key, state in enumerate(Release.State.values):
            row(str(key), state=state)
        assert set(Release.objects.building().values_list("state", flat=True)) == {"building", "built", "evaluated"}
        assert [release.state for release in Release.objects.live()] == ["live"]

    def test_gives_those_that_were_live_the_last_one_first(self) -> None:
        for hour, key in ((3, "a"), (1, "b"), (2, "c"), (3, "d")):
            row(key, state="retired", retired_at=NOON.replace(hour=hour))
        assert [release.key for release in Release.objects.once_live()] == ["d", "a", "c", "b"]
