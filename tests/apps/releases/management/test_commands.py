import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.apps.releases.numbers import KIND, NumberKind, served_number

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class TestListReleases:
    def test_lists_state_and_reason(self, numbers: NumberKind) -> None:
        numbers.make(-1.0)
        numbers.make()
        lines = run("list_releases").splitlines()
        assert lines[0].split()[:3] == ["numbers", "2026-11-24.2", "live"]
        assert "the rule is at least 0" in lines[1]

    def test_writes_json(self, numbers: NumberKind) -> None:
        key = numbers.make().key
        assert [row["key"] for row in json.loads(run("list_releases", "--json"))] == [key]

    def test_says_what_to_do_when_nothing_was_built(self) -> None:
        assert "Nothing was built yet" in run("list_releases", "--kind", "soup")


class TestPromoteRelease:
    def test_makes_it_live(self, numbers: NumberKind) -> None:
        key = numbers.make(4.0, promote=False).key
        assert run("promote_release", KIND, key, "--why", "better") == f"numbers {key} is live.\n"
        assert served_number() == 4.0

    def test_says_why_it_refuses(self, numbers: NumberKind) -> None:
        with pytest.raises(CommandError, match="cannot be live"):
            run("promote_release", KIND, numbers.make(-1.0).key, "--why", "better")


class TestRollbackRelease:
    def test_makes_the_one_before_live_again(self, numbers: NumberKind) -> None:
        first = numbers.make(1.0).key
        numbers.make(2.0)
        assert run("rollback_release", KIND, "--why", "worse") == f"numbers {first} is live again.\n"
        assert served_number() == 1.0

    def test_says_why_it_refuses(self, numbers: NumberKind) -> None:
        with pytest.raises(CommandError, match="No numbers is live"):
            run("rollback_release", KIND, "--why", "worse")
