"""What was promised to a child, or taken from somebody, is not undone by a restore."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from apps.catalog.models import Book
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, save_books
from apps.events.models import Event
from apps.platform.models import ApiKey
from apps.platform.selectors.api_keys import key_of_secret
from apps.platform.services.api_keys import create_api_key, revoke_api_key
from apps.platform.services.backup.folders import whole_backups
from apps.readers.models import ErasureLog, Reader
from apps.readers.services import ReaderInput, erase_reader, save_reader
from epicml.audience.bands import AgeBand
from tests.apps.platform.backups import backup, dated, fill, restore

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def filled(settings: Settings, now: datetime) -> None:
    settings.VAR_DIR.mkdir(exist_ok=True)
    fill(now)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def made(root: Path) -> Path:
    """A backup of the library."""
    backup(root)
    return whole_backups(root)[0]


class TestErasures:
    """What was promised to a child is not undone by a restore."""

    def erase(self, now: datetime) -> None:
        erase_reader("r1", by="librarian", now=now + timedelta(hours=1))

    def gone(self) -> bool:
        reader = Reader.objects.filter(key="r1").exists() or Event.objects.filter(event_id__contains=":1:").exists()
        return not reader and Reader.objects.filter(key="r0").exists()

    def test_heeds_the_database_that_is_replaced(self, made: Path, now: datetime) -> None:
        self.erase(now)
        said = restore(made, "--replace")
        assert "1 readers who were erased since the backup are erased again." in said
        assert self.gone()
        assert set(ErasureLog.objects.values_list("erased_by", flat=True)) == {"librarian", "restore"}

    def test_heeds_later_backups_when_the_database_is_lost(
        self, made: Path, root: Path, tmp_path: Path, now: datetime
    ) -> None:
        """The one beside it by itself, one from elsewhere when it is named, and one made after a restore as well."""
        old = dated(made, "2026-01-01T00:00:00.5+00:00")
        self.erase(now)
        backup(tmp_path / "elsewhere")
        call_command("flush", "--no-input", verbosity=0)

        restore(old, "--erasures", str(tmp_path / "elsewhere"))
        assert self.gone()

        backup(root)
        call_command("flush", "--no-input", verbosity=0)
        restore(old)
        assert self.gone()

    def test_says_when_a_later_backup_cannot_be_heeded(self, made: Path, root: Path, now: datetime) -> None:
        old = dated(made, "2026-01-01T00:00:00.5+00:00")
        self.erase(now)
        backup(root)
        (whole_backups(root)[-1] / "carried.json").write_text("{}")
        call_command("flush", "--no-input", verbosity=0)

        assert re.search(r"Not heeded which readers \S+ says were erased: the SHA-256 of carried\.json", restore(old))

    def test_somebody_new_under_an_old_pseudonym_stays(self, root: Path, now: datetime) -> None:
        self.erase(now)
        save_reader(ReaderInput(key="r1", age_band=AgeBand.ADULT), now=now + timedelta(days=1))
        backup(root)
        restore(whole_backups(root)[0], "--replace")
        assert Reader.objects.filter(key="r1").exists()


class TestAccess:
    def test_a_key_that_was_revoked_since_stays_revoked(self, root: Path, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        backup(root)
        revoke_api_key(key.id, now=now)

        said = restore(whole_backups(root)[0], "--replace")

        assert "1 API keys were revoked since and stay so." in said
        assert key_of_secret(key.secret, now=now + timedelta(minutes=1)) is None
        assert ApiKey.objects.filter(pk=key.id).exists()


class TestBooks:
    def test_what_was_kept_from_children_since_stays_kept_from_them(self, made: Path, now: datetime) -> None:
        save_books([BookInput(key="b1", age_band=AgeBand.ADULT, by_staff=True)], now=now)
        delete_books(["b2"], now=now)

        said = restore(made, "--replace")

        assert "1 books stay in the higher age band that staff gave them since; 1 books stay withdrawn" in said
        assert Book.objects.get(key="b1").age_band == AgeBand.ADULT.value
        assert set(Book.objects.live().values_list("key", flat=True)) == {"b0", "b1", "b3", "b4"}
