import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.events.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    path = tmp_path / "ratings.csv"
    path.write_text("user_id,book_id,rating\nr1,b1,5\nnew,b1,5\n")
    return path


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("import_interactions", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


class TestImportInteractions:
    def test_says_in_one_line_what_it_did(self, ratings: Path) -> None:
        first = run(str(ratings))
        second = run(str(ratings), "--new-readers", "9-11")

        assert "1 events stored, 0 known before, 1 refused (see " in first
        assert "1 events stored, 1 known before, 0 refused; 1 new readers.\n" in second
        assert second.endswith("Read as goodbooks-10k, UTF-8, commas; ratings from 1-5.\n")

    def test_takes_the_moment_of_the_first_row(self, ratings: Path) -> None:
        run(str(ratings), "--first-at", "2026-01-01")

        assert Event.objects.get().occurred_at == datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--new-readers", "children"], "invalid choice: 'children'"),
            (["--first-at", "soon"], "'soon' is no moment such as 2026-01-01T00:00:00Z"),
            (["--rating-scale", "five"], "does not have the form LOWEST-HIGHEST, such as 1-10"),
            (["--date-format", "soon"], "is neither dmy nor mdy nor a form such as DD/MM/YYYY"),
            (["--reader", "a b"], "--reader 'a b' does not have the form"),
            (["--map", "stars=rating"], "There is no field 'stars'"),
        ],
    )
    def test_ends_with_one_sentence_when_an_option_is_wrong(
        self, ratings: Path, arguments: list[str], sentence: str
    ) -> None:
        with pytest.raises(CommandError, match=sentence):
            run(str(ratings), *arguments)

    def test_says_what_changed(self, ratings: Path) -> None:
        run(str(ratings))
        ratings.write_text("user_id,book_id,rating\nr1,b1,2\nr1,b2,1\nr1,b2,3\nr2,b1,0\n")

        said = run(str(ratings)).splitlines()

        assert "2 events stored, 0 known before, 0 refused" in said[0]
        assert said[1:] == [
            "Changed ratings: 1, stored as newer ones.",
            "Ratings that a later row of the file says anew: 1; the last one counts.",
            "Rows without a rating or an act: 1.",
            "Read as goodbooks-10k, UTF-8, commas; ratings from 1-5.",
        ]

    def test_says_the_same_to_programs(self, ratings: Path) -> None:
        said = json.loads(run(str(ratings), "--json", "--dry-run", "--rating-scale", "1-10"))

        assert (said["rows"], said["stored"], said["refused"], said["dry_run"]) == (2, 1, 1, True)
        assert (said["format"], said["rating_scale"], said["files"]["refused"]) == (
            "goodbooks",
            "1-10",
            f"{ratings}.refused.csv",
        )
        assert not Event.objects.exists()

    def test_takes_dates_in_the_form_that_a_person_states(self, ratings: Path) -> None:
        ratings.write_text("user_id,book_id,rating,date\nr1,b1,5,03/02/2026\n")

        run(str(ratings), "--date-format", "DD/MM/YYYY")

        assert Event.objects.get().occurred_at == datetime(2026, 2, 3, tzinfo=UTC)
