import io
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
            (["--map", "stars=rating"], "There is no field 'stars'"),
        ],
    )
    def test_ends_with_one_sentence_when_an_option_is_wrong(
        self, ratings: Path, arguments: list[str], sentence: str
    ) -> None:
        with pytest.raises(CommandError, match=sentence):
            run(str(ratings), *arguments)
