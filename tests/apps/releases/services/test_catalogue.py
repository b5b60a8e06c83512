from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from apps.catalog.selectors.books import all_book_ids, live_cards
from apps.catalog.services.books import save_books
from apps.releases.artifacts import save_arrays
from apps.releases.selectors.live import LiveRelease
from apps.releases.services.catalogue import (
    CATALOGUE_FILE,
    Books,
    books_of,
    catalogue_findings,
    keep_catalogue,
    read_catalogue,
)
from apps.releases.services.kinds import BuildContext
from epicml.datasets.audit import Finding, Severity
from tests.apps.catalog.samples import a_book
from tests.apps.releases.numbers import KIND, NOON

CHAMPION = LiveRelease(1, KIND, "2026-11-23.1", "0" * 64, {}, NOON)


def books(*bands: int, series: bool = True, first: int = 1) -> Books:
    n = len(bands)
    return Books(np.arange(first, first + n), np.array(bands, np.int8), {"series": np.full(n, int(series))})


def context(folder: Path, *, champion_folder: Path | None = None, champion: LiveRelease | None = None) -> BuildContext:
    return BuildContext(KIND, "1", folder, NOON, champion, {}, lambda *_: None, champion_folder)


def found(tmp_path: Path, before: Books, after: Books) -> list[Finding]:
    """What is found in the books of a build beside a live release that was built from others."""
    (tmp_path / "live").mkdir()
    keep_catalogue(tmp_path / "live", before)
    beside = context(tmp_path / "new", champion=CHAMPION, champion_folder=tmp_path / "live")
    return catalogue_findings(beside, after)


@pytest.mark.django_db
class TestCatalogueFindings:
    def test_finds_nothing_where_nothing_changed(self, tmp_path: Path) -> None:
        assert found(tmp_path, books(*[0, 1, 2, 5] * 10), books(*[0, 1, 2, 5] * 10)) == []

    def test_finds_bands_that_changed_places(self, tmp_path: Path) -> None:
        (finding,) = found(tmp_path, books(*[0, 5] * 20), books(*[5, 0] * 20))
        assert (finding.name, finding.severity, finding.rows) == ("bands_moved", Severity.STOP, 40)

    def test_finds_other_shares_where_books_came(self, tmp_path: Path) -> None:
        (finding,) = found(tmp_path, books(*[0, 5] * 20), books(*[0, 5] * 20, *[5] * 500))
        assert finding.name == "band_shares"

    def test_finds_columns_that_were_lost(self, tmp_path: Path) -> None:
        (finding,) = found(tmp_path, books(*[0, 5] * 20), books(*[0, 5] * 20, series=False))
        assert (finding.name, finding.column) == ("columns_lost", "series")

    def test_looks_only_at_books_that_both_know(self, tmp_path: Path) -> None:
        assert found(tmp_path, books(*[0, 5] * 20), books(*[0, 5] * 20, first=21)) == []

    @pytest.mark.parametrize(("first", "left"), [(1000, 0), (38, 3)])
    def test_says_that_the_catalogue_was_replaced(self, tmp_path: Path, first: int, left: int) -> None:
        (finding,) = found(tmp_path, books(*[0, 5] * 20), books(*[5, 0] * 20, first=first))
        assert (finding.name, finding.severity) == ("not_compared", Severity.STOP)
        assert finding.text.endswith(f"could not be compared, because of its 40 books only {left} are left.")

    def test_names_the_books(self, tmp_path: Path) -> None:
        save_books([a_book("moby"), a_book("emma")], now=NOON)
        ids = np.array(sorted(all_book_ids().values()))
        before = Books(ids, np.array([5, 5], np.int8), {})
        findings = found(tmp_path, before, replace(before, bands=np.array([0, 0], np.int8)))
        keys = {key for key, book_id in all_book_ids().items() if book_id in ids}
        assert {example.split(":")[0] for example in findings[-1].examples} == keys

    def test_says_that_an_earlier_version_did_not_keep_them(self, tmp_path: Path) -> None:
        (tmp_path / "live").mkdir()
        beside = context(tmp_path / "new", champion=CHAMPION, champion_folder=tmp_path / "live")
        (finding,) = catalogue_findings(beside, books(0, 5))
        assert (finding.name, finding.severity) == ("not_compared", Severity.STOP)
        assert finding.text == (
            "Release 2026-11-23.1 is live but its age bands could not be compared, because it has no catalogue.npz: an "
            "earlier version of this program built it."
        )

    @pytest.mark.parametrize(
        "arrays",
        [
            {"ids": np.arange(3)},
            {"ids": np.arange(3), "bands": np.zeros(2, np.int8)},
            {"ids": np.arange(3), "bands": np.zeros(3, np.int8), "value.series": np.zeros(4)},
        ],
    )
    def test_says_that_they_cannot_be_read(self, tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
        (tmp_path / "live").mkdir()
        save_arrays(tmp_path / "live" / CATALOGUE_FILE, arrays)
        beside = context(tmp_path / "new", champion=CHAMPION, champion_folder=tmp_path / "live")
        (finding,) = catalogue_findings(beside, books(0, 5))
        assert finding.name == "not_compared"

    def test_says_nothing_of_files_that_the_gate_refuses_anyway(self, tmp_path: Path) -> None:
        assert catalogue_findings(context(tmp_path / "new", champion=CHAMPION), books(0, 5)) == []


class TestReadCatalogue:
    def test_gives_back_what_was_kept(self, tmp_path: Path) -> None:
        keep_catalogue(tmp_path, books(0, 3, 5))
        read = read_catalogue(tmp_path)
        assert (read.ids.tolist(), read.bands.tolist()) == ([1, 2, 3], [0, 3, 5])
        assert {name: values.tolist() for name, values in read.values.items()} == {"series": [1] * 3}


@pytest.mark.django_db
class TestBooksOf:
    def test_tells_values_apart_and_none_from_any(self) -> None:
        save_books([a_book("moby"), a_book("emma", title="Emma", series=None, authors=(), genres=())], now=NOON)
        found = books_of(live_cards(sorted(all_book_ids().values())))
        assert len(set(found.values["title"].tolist())) == 2
        for column in ("series", "author", "genres"):
            assert [value == 0 for value in found.values[column].tolist()] == [False, True]
        assert books_of(live_cards(found.ids.tolist())).values["title"].tolist() == found.values["title"].tolist()
