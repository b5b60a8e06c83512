import json
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from apps.events.models import Event
from apps.platform.models import ApiKey
from apps.platform.selectors.api_keys import key_of_secret
from apps.platform.services.api_keys import SCOPES
from apps.readers.selectors import reader_profile
from apps.releases.models import Release
from apps.releases.services import kinds
from apps.releases.services.live_artifact import reset_live_artifacts
from epicml.audience.bands import BY_CODE
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.report import Measure, Report
from epicml.search import lexicon
from epicml.search.fields import TOKENS_VERSION
from tests.client import ApiClient
from tests.demo.management.commands.goodbooks import READERS, write_goodbooks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def var_dir(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """Passwords, keys, releases and the open index of this test alone."""
    settings.VAR_DIR = tmp_path / "var"
    settings.ARTIFACTS_DIR = tmp_path / "var" / "artifacts"
    settings.VAR_DIR.mkdir()
    yield tmp_path / "var"
    reset_live_artifacts()


@pytest.fixture(autouse=True)
def open_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Index and model are built as ever, and go live unmeasured: so few books and readers prove nothing."""
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    rule = GateRule("built", "built", Bound.AT_LEAST, 1)
    report = Report("unmeasured", (Measure("built", "Built", 1),))
    for name in ("search_index", "recommender"):
        kinds.register_kind(replace(kinds.release_kind(name), evaluate=lambda *handed_over: report, rules=(rule,)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_goodbooks(tmp_path / "goodbooks")


def run(folder: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("demo", "--data", str(folder), *arguments, stdout=out)
    return out.getvalue()


def fails(*arguments: str) -> str:
    """The sentence that the command ends with; manage.py makes exit code 1 of it."""
    with pytest.raises(CommandError) as caught:
        call_command("demo", *arguments, stdout=StringIO())
    assert caught.value.returncode == 1
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestDemo:
    def test_prints_only_addresses_that_answer(self, data: Path) -> None:
        said = run(data)
        addresses = dict(re.findall(r"^  (Storefront|Staff site|API) +(http\S+)", said, re.MULTILINE))
        assert set(addresses) == {"Storefront", "Staff site", "API"}
        visitor = Client()
        visitor.force_login(User.objects.get(username="demo"))
        for address in addresses.values():
            assert address.startswith("http://localhost:8000/")
            assert visitor.get(urlsplit(address).path).status_code == 200, address

    def test_prints_a_login_and_a_key_that_work(self, data: Path) -> None:
        said = run(data)
        login = re.search(r"login (\S+), password (\S+)$", said, re.MULTILINE)
        key = re.search(r"key (\S+)$", said, re.MULTILINE)
        assert login
        assert key
        assert Client().login(username=login[1], password=login[2])
        assert ApiClient(key[1]).get("/api/v1/readers/R-00001/home").status_code == 200

    def test_says_what_is_made_up(self, data: Path) -> None:
        assert "the readers' age bands are made up." in run(data)

    def test_serves_an_index_and_a_model_of_the_data(self, data: Path, var_dir: Path) -> None:
        run(data)
        assert sorted(Release.objects.live().values_list("kind", flat=True)) == ["recommender", "search_index"]
        api = ApiClient((var_dir / "demo_api_key").read_text().strip())
        found = api.get("/api/v1/search", q="tale of the dragon 7", age_band="adult").json()
        assert (found["fallback"], found["items"][0]["key"]) == (None, "7")
        assert api.get("/api/v1/readers/R-00001/recommendations").json()["fallback"] is None

    def test_loads_nothing_twice(self, data: Path, var_dir: Path) -> None:
        run(data, "--json", str(var_dir / "access.json"))
        first = (var_dir / "access.json").read_text()
        before = Event.objects.count(), Release.objects.count(), ApiKey.objects.count(), User.objects.count()

        said = run(data, "--json", str(var_dir / "access.json"))

        assert re.findall(r"^  (\w+(?: index)?) +as before", said, re.MULTILINE) == [
            "books",
            "readers",
            "ratings",
            "search index",
            "recommender",
        ]
        assert (Event.objects.count(), Release.objects.count(), ApiKey.objects.count(), User.objects.count()) == before
        assert (var_dir / "access.json").read_text() == first

    def test_mends_a_login_that_was_changed(self, data: Path, var_dir: Path) -> None:
        run(data)
        User.objects.update(is_superuser=False, is_active=False)
        run(data)
        password = (var_dir / "demo_password").read_text().strip()
        assert Client().login(username="demo", password=password)

    def test_makes_again_what_was_lost(self, data: Path, var_dir: Path) -> None:
        run(data)
        for path in (var_dir / "artifacts" / "recommender").glob("*/*"):
            path.unlink()
        said = run(data)
        assert re.search(r"recommender +\S+\.2 is live", said)
        assert re.search(r"search index +as before", said)

    def test_makes_the_index_of_another_version_again(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as version:
            version.setattr(lexicon, "TOKENS_VERSION", TOKENS_VERSION - 1)
            run(data)
        reset_live_artifacts()

        assert re.search(r"search index +\S+\.2 is live", run(data))


class TestJson:
    @pytest.fixture
    def access(self, data: Path, tmp_path: Path) -> dict[str, object]:
        run(data, "--port", "9001", "--json", str(tmp_path / "access.json"))
        read: dict[str, object] = json.loads((tmp_path / "access.json").read_text())
        return read

    def test_holds_what_a_program_needs(self, access: dict[str, object], var_dir: Path, now: datetime) -> None:
        login, key, public = access["login"], key_of_secret(str(access["api_key"]), now=now), access["public_key"]
        assert (access["address"], access["staff_address"]) == ("http://localhost:9001", "http://localhost:9001/admin/")
        assert login == {"username": "demo", "password": (var_dir / "demo_password").read_text().strip()}
        assert key is not None
        assert key.scopes == set(SCOPES)
        storefront = key_of_secret(str(public), now=now)
        assert storefront is not None
        assert storefront.origins == {"http://localhost:9001"}

    def test_names_readers_by_their_age_band(self, access: dict[str, object]) -> None:
        readers = access["readers"]
        assert isinstance(readers, dict)
        assert sum(map(len, readers.values())) == READERS
        for code, keys in readers.items():
            assert {reader_profile(key).age_band for key in keys} == {BY_CODE[code]}

    def test_can_be_read_by_its_owner_only(self, access: dict[str, object], tmp_path: Path) -> None:
        assert stat.S_IMODE((tmp_path / "access.json").stat().st_mode) == 0o600


class TestFailure:
    @pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80 80", ""])
    def test_names_a_wrong_port_before_anything_is_done(self, port: str) -> None:
        assert fails("--port", port) == f"The port must be a number from 1 to 65535, not {port!r}."
        assert not User.objects.exists()

    def test_names_a_folder_without_the_data(self, tmp_path: Path) -> None:
        assert fails("--data", str(tmp_path / "gone")).startswith(f"{tmp_path / 'gone'} has no books.csv")

    @pytest.mark.parametrize("column", ["user_id", "book_id", "rating"])
    def test_names_a_missing_column_of_the_ratings(self, data: Path, column: str) -> None:
        table = data / "ratings.csv"
        table.write_text(table.read_text().replace(column, "other", 1))
        assert fails("--data", str(data)) == f"{table} cannot be used: it has no column {column}."

    @pytest.mark.parametrize(
        ("table", "column", "field"), [("books", "title", "title"), ("genres", "genres", "genres")]
    )
    def test_names_a_missing_column_of_the_books(self, data: Path, table: str, column: str, field: str) -> None:
        path = data / f"{table}.csv"
        path.write_text(path.read_text().replace(column, "other", 1))
        assert fails("--data", str(data)).startswith(f"{table}.csv has no column for {field}")

    def test_says_that_a_table_is_damaged(self, data: Path) -> None:
        (data / "ratings.csv").write_bytes(b"user_id,book_id,rating\n1,1,\xff\n")
        assert fails("--data", str(data)).startswith(f"{data / 'ratings.csv'} cannot be used: ")

    def test_says_that_too_little_was_read_to_learn_from(self, tmp_path: Path) -> None:
        folder = write_goodbooks(tmp_path / "few", ratings="user_id,book_id,rating\n")
        assert fails("--data", str(folder)).startswith("There is nothing to learn from: ")

    @pytest.mark.parametrize("place", ["missing/access.json", "."])
    def test_names_a_file_that_cannot_be_written(self, data: Path, tmp_path: Path, place: str) -> None:
        path = tmp_path / place
        said = fails("--data", str(data), "--json", str(path))
        assert said.startswith(f"The demo is ready, but {path} cannot be written: ")
