"""Releases as rows; what waits for a decision is in test_detail.py."""

import pytest

from apps.releases.models import Release
from apps.releases.selectors.listing import (
    ReleaseNotFoundError,
    find_release,
    release_count,
    release_row,
    releases,
    releases_waiting,
)
from tests.apps.releases.numbers import KIND, NOON, NumberKind

pytestmark = pytest.mark.django_db


class TestReleases:
    @pytest.fixture(autouse=True)
    def some(self, db: None) -> None:
        """Seven releases of two kinds: a failed one, two refused, the others building."""
        for number in range(7):
            state = {0: "failed", 2: "refused", 4: "refused"}.get(number, "building")
            kind = "letters" if number % 2 else KIND
            Release.objects.create(
                kind=kind, key=str(number), state=state, sha256="0", created_by="ada", created_at=NOON
            )

    def keys(self, **asked: object) -> list[str]:
        return [row.key for row in releases(**asked)]  # type: ignore[arg-type]

    def test_come_newest_first(self) -> None:
        assert self.keys() == ["6", "5", "4", "3", "2", "1", "0"]

    def test_come_by_kind_and_state(self) -> None:
        assert self.keys(kind=KIND) == ["6", "4", "2", "0"]
        assert self.keys(states=["refused", "failed"]) == ["4", "2", "0"]
        assert self.keys(kind="letters", states=["refused"]) == []

    def test_come_in_parts(self) -> None:
        assert (self.keys(offset=2, limit=3), self.keys(offset=6, limit=3), self.keys(offset=7)) == (
            ["4", "3", "2"],
            ["0"],
            [],
        )

    def test_are_counted_without_their_parts(self) -> None:
        assert (release_count(), release_count(kind=KIND), release_count(kind=KIND, states=["refused"])) == (7, 4, 2)


class TestReleaseRow:
    def test_shows_in_the_api_all_but_its_number(self, numbers: NumberKind) -> None:
        row = release_row(KIND, numbers.make(1.0).key)
        shown = row.as_json()
        assert "id" not in shown
        assert (shown["kind"], shown["state"], shown["created_by"], shown["why"]) == (KIND, "live", "ada", "a test")
        assert (shown["created_at"], shown["promoted_at"], shown["retired_at"]) == (NOON, NOON, None)

    @pytest.mark.parametrize("find", [release_row, find_release])
    def test_is_named_where_there_is_none(self, find: object) -> None:
        with pytest.raises(ReleaseNotFoundError, match=r"^There is no soup release '1'\.$"):
            find("soup", "1")  # type: ignore[operator]


class TestReleasesWaiting:
    def test_come_newest_first_and_without_those_whose_files_went(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        first, second, third = (numbers.make(2.0, promote=False).key for _ in range(3))
        Release.objects.filter(key=second).update(artifact_removed_at=NOON)
        assert [row.key for row in releases_waiting()] == [third, first]

    def test_hold_the_first_of_a_kind_of_which_nothing_is_live(self, numbers: NumberKind) -> None:
        key = numbers.make(1.0, promote=False).key
        assert [row.key for row in releases_waiting()] == [key]
