"""What was made once and is put back is what was made."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User

from apps.jobs.models import Job
from apps.jobs.services.ledger.queue import enqueue
from tests.conftest import NOW
from tests.safety.tables import stored
from tests.sealing import ChangedRowsError, Seals

pytestmark = pytest.mark.django_db


class Maker:
    """Something of several tables with dates, texts, JSON and links, and a file; it counts how often it was made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.times = 0

    def make(self) -> str:
        self.times += 1
        user = User.objects.create_user("tom", last_login=NOW)
        user.groups.add(Group.objects.create(name="librarians"))
        enqueue("jobs.purge", {"of": ["a", None, 1.5, {"ü": True}]}, now=NOW)
        self.folder.mkdir(parents=True)
        (self.folder / "file").write_text("written")
        return "made"


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path / "written")


@pytest.fixture
def seals(tmp_path: Path) -> Seals:
    own = tmp_path / "seals"
    own.mkdir()
    return Seals(own)


def forget(maker: Maker) -> None:
    """What a test leaves: its rows are rolled back, its folder is another."""
    Job.objects.all().delete()
    User.objects.all().delete()
    Group.objects.all().delete()
    maker.folder = maker.folder.with_name("other")


class TestSeals:
    def test_puts_every_row_and_file_back_without_making_it_again(self, seals: Seals, maker: Maker) -> None:
        make = maker.make
        assert seals.open(make, files=maker.folder) == "made"
        before = stored()
        assert {
            name: len(rows) for name, rows in before.items() if name in {"auth.User", "auth.User_groups", "jobs.Job"}
        } == {
            "auth.User": 1,
            "auth.User_groups": 1,
            "jobs.Job": 1,
        }
        forget(maker)
        assert stored() != before

        assert seals.open(make, files=maker.folder) == "made"
        assert stored() == before
        assert (maker.folder / "file").read_text() == "written"
        assert maker.times == 1

    def test_goes_on_with_the_number_after_the_last(self, seals: Seals, maker: Maker) -> None:
        make = maker.make
        seals.open(make)
        enqueue("jobs.purge", key="of another test", now=NOW)
        forget(maker)
        seals.open(make)
        last = Job.objects.get().pk
        assert enqueue("jobs.purge", key="another", now=NOW) == last + 1

    def test_makes_it_again_beside_other_rows(self, seals: Seals, maker: Maker) -> None:
        make = maker.make
        seals.open(make)
        forget(maker)
        Group.objects.create(name="readers")
        seals.open(make)
        assert maker.times == 2

    def test_refuses_what_changes_a_row_that_was_there(self, seals: Seals) -> None:
        Group.objects.create(name="readers")
        with pytest.raises(ChangedRowsError, match="auth_group"):
            seals.open(lambda: Group.objects.update(name="writers"))
        with pytest.raises(ChangedRowsError, match="auth_group"):
            seals.open(lambda: Group.objects.all().delete())
