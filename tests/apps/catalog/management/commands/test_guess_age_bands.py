from datetime import datetime
from io import StringIO

import pytest
from django.core.management import call_command

from apps.catalog.models import AgeBandSource, Book
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(now: datetime) -> None:
    """Bands that an older rule guessed wrongly, and two that somebody said."""
    murder, bears = ("Child murder",), ("Picture books",)
    save_books(
        [
            BookInput(key="murder", title="Murder", genres=murder),
            BookInput(key="bears", title="Bears", genres=bears),
            BookInput(key="given", title="Given", genres=murder, age_band=AgeBand.AGES_6_TO_8),
            BookInput(key="staff", title="Staff", genres=bears, age_band=AgeBand.ADULT, by_staff=True),
        ],
        now=now,
    )
    Book.objects.filter(key="murder").update(age_band=AgeBand.AGES_6_TO_8, reading_level=None)
    Book.objects.filter(key="bears").update(age_band=AgeBand.ADULT, reading_level=None)


def run(*arguments: str) -> str:
    said = StringIO()
    call_command("guess_age_bands", *arguments, stdout=said, stderr=StringIO())
    return said.getvalue()


def bands() -> dict[str, str]:
    return {card.key: card.age_band.code for card in shelf().cards}


@pytest.mark.usefixtures("books")
class TestGuessAgeBands:
    def test_guesses_again_what_was_guessed_and_leaves_what_was_said(self) -> None:
        said = run()

        assert bands() == {"murder": "adult", "bears": "0-5", "given": "6-8", "staff": "adult"}
        assert said.startswith(
            "2 books have a guessed age band; 2 changed: 1 from 6 to 8 to adult, 1 from adult to 0 to 5."
        )
        assert Book.objects.get(key="bears").reading_level == 1
        assert "0 changed." in run()

    def test_changes_nothing_when_tried_dry(self) -> None:
        before = bands()

        assert "2 would change" in run("--dry-run")
        assert bands() == before
        assert Book.objects.filter(age_band_source=AgeBandSource.GUESSED).count() == 2
