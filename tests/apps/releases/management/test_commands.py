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


def fails(*arguments: str) -> str:
    """The sentence that the command ends with; manage.py makes exit code 1 of it."""
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestListReleases:
    def test_lists_state_and_reason(self, numbers: NumberKind) -> None:
        numbers.make(-1.0)
        numbers.make()
        lines = run("list_releases").splitlines()
        assert lines[0].split()[:3] == ["numbers", "2026-11-24.2", "live"]
        assert "(required: at least 0)" in lines[1]

    def test_writes_json(self, numbers: NumberKind) -> None:
        key = numbers.make().key
        assert [row["key"] for row in json.loads(run("list_releases", "--json"))] == [key]

    def test_writes_an_empty_list_as_json(self) -> None:
        assert json.loads(run("list_releases", "--json", "--kind", "soup")) == []

    def test_lists_no_more_than_asked(self, numbers: NumberKind) -> None:
        keys = [numbers.make().key for _ in range(3)]
        assert [line.split()[1] for line in run("list_releases", "--limit", "2").splitlines()] == keys[:0:-1]

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

    @pytest.mark.parametrize(
        ("kind", "key", "sentence"),
        [
            (KIND, "2026-01-01.1", f"There is no {KIND} release '2026-01-01.1'."),
            (KIND, "", f"There is no {KIND} release ''."),
            ("soup", "2026-11-24.1", "There is no soup release '2026-11-24.1'."),
        ],
    )
    def test_names_what_does_not_exist_in_one_sentence(
        self, numbers: NumberKind, kind: str, key: str, sentence: str
    ) -> None:
        numbers.make()
        assert fails("promote_release", kind, key, "--why", "better") == sentence

    def test_wants_a_reason(self, numbers: NumberKind) -> None:
        assert "--why" in fails("promote_release", KIND, numbers.make(4.0, promote=False).key)


class TestRollbackRelease:
    def test_makes_the_one_before_live_again(self, numbers: NumberKind) -> None:
        first = numbers.make(1.0).key
        numbers.make(2.0)
        assert run("rollback_release", KIND, "--why", "worse") == f"numbers {first} is live again.\n"
        assert served_number() == 1.0

    def test_says_why_it_refuses(self, numbers: NumberKind) -> None:
        with pytest.raises(CommandError, match="No numbers is live"):
            run("rollback_release", KIND, "--why", "worse")

    def test_goes_back_to_the_one_that_is_named(self, numbers: NumberKind) -> None:
        first = numbers.make(1.0).key
        for number in (2.0, 3.0):
            numbers.make(number)
        assert run("rollback_release", KIND, "--to", first, "--why", "worse") == f"numbers {first} is live again.\n"
        assert served_number() == 1.0

    def test_names_what_does_not_exist_in_one_sentence(self, numbers: NumberKind) -> None:
        numbers.make()
        said = fails("rollback_release", KIND, "--to", "2026-01-01.1", "--why", "worse")
        assert said == f"There is no {KIND} release '2026-01-01.1'."
        assert fails("rollback_release", "soup", "--why", "worse").startswith("No soup is live")
        assert served_number() == 1.0


class TestAccept:
    @pytest.fixture
    def refused(self, numbers: NumberKind) -> str:
        numbers.make(1.0)
        return numbers.make(200.0).key

    def test_makes_a_refused_release_live(self, refused: str) -> None:
        said = run("promote_release", KIND, refused, "--accept", "small", "--why", "we need large ones", "--by", "eve")
        assert said == f"numbers {refused} is live.\n"
        assert served_number() == 200.0

    def test_is_listed_with_who_and_why(self, refused: str) -> None:
        run("promote_release", KIND, refused, "--accept", "small", "--why", "we need large ones", "--by", "eve")
        (accepted,) = json.loads(run("list_releases", "--json"))[0]["accepted"]
        assert (accepted["name"], accepted["by"], accepted["why"]) == ("small", "eve", "we need large ones")
        assert "small" in run("list_releases").splitlines()[0]

    def test_says_how_where_it_is_refused(self, refused: str) -> None:
        assert "--accept small --why REASON" in fails("promote_release", KIND, refused, "--why", "I want it")

    def test_names_the_known_ones(self, refused: str) -> None:
        said = fails("promote_release", KIND, refused, "--accept", "age_band", "--why", "I want it")
        assert said == (
            "Nothing that can be accepted is called 'age_band'; known for numbers are not_compared, rows_lost, small."
        )

    def test_wants_a_reason(self, refused: str) -> None:
        assert fails("promote_release", KIND, refused, "--accept", "small", "--why", " ").startswith("Say why small")
