from datetime import datetime

import pytest

from apps.catalog.services.books import delete_books, save_books
from apps.readers.services import ReaderInput, save_readers
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book


@pytest.fixture
def shop(db: None, now: datetime) -> None:
    """Readers r1 and r2; books b1 to b4 and "gone", which is withdrawn."""
    fill(now)


def fill(now: datetime) -> None:
    """What the fixture says, for tests whose threads need it committed."""
    save_books([a_book(key) for key in ("b1", "b2", "b3", "b4", "gone")], now=now)
    delete_books(["gone"], now=now)
    save_readers([ReaderInput(key=key, age_band=AgeBand.AGES_9_TO_11) for key in ("r1", "r2")], now=now)
