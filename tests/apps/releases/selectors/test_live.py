"""What is live, by kind; that it takes one query is in test_promotion.py."""

import pytest

from apps.releases.models import Release
from apps.releases.selectors.live import live_key, live_release
from tests.apps.releases.numbers import KIND, NOON, NumberKind

pytestmark = pytest.mark.django_db


class TestLiveRelease:
    def test_is_none_before_anything_was_promoted(self, numbers: NumberKind) -> None:
        numbers.make(1.0, promote=False)
        assert (live_release(KIND), live_key(KIND)) == (None, None)

    def test_is_the_promoted_one_of_its_kind(self, numbers: NumberKind) -> None:
        row = numbers.make(1.0)
        numbers.make(2.0, promote=False)
        numbers.make(-3.0)
        live = live_release(KIND)
        assert live is not None
        assert (live.id, live.kind, live.key, live.sha256, live.promoted_at) == (
            row.id,
            KIND,
            row.key,
            row.sha256,
            NOON,
        )
        assert live.manifest["seed"] == 1
        assert live_release("soup") is None

    def test_changes_its_sum_with_its_key(self, numbers: NumberKind) -> None:
        first = numbers.make(1.0)
        assert live_key(KIND) == (first.key, first.sha256)
        second = numbers.make(2.0)
        assert live_key(KIND) == (second.key, second.sha256) != (first.key, first.sha256)

    def test_is_none_again_when_the_last_one_ceased(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        Release.objects.update(state="retired")
        assert live_key(KIND) is None
