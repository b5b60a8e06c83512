import json
from pathlib import Path

from apps.catalog.models import Change
from apps.catalog.services.books import save_books
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.kinds import BuildContext
from apps.releases.services.steps import Stored
from apps.search.engines.embedded.folders import open_engine
from apps.search.services.building import Library, snapshot_catalogue
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.damages import sealed_folder
from tests.apps.search.library import NOON, books


def content(row: ReleaseRow) -> str:
    sha256: str = release_detail("search_index", row.key).manifest["content_sha256"]
    return sha256


class TestLibrary:
    def test_is_read_back_as_it_was_stored(self, full_library: None, tmp_path: Path) -> None:
        library = snapshot_catalogue(BuildContext("search_index", "1", tmp_path, NOON, None, {}, lambda *_: None))
        written = json.loads(json.dumps(library.stored().values))
        assert Library.restored(Stored(written)) == library
        assert {type(card.age_band) for card in Library.restored(Stored(written)).cards} == {AgeBand}


class TestBuildIndex:
    def test_seals_every_live_book_and_the_words_of_all(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        engine = open_engine(sealed_folder(var_dir, live_index_row.key))
        assert (engine.books, engine.cursor) == (len(books()), Change.objects.latest("number").number)
        assert all(engine.lexicon.knows(word) for word in ("caterpillar", "tolkien", "1984"))

    def test_records_what_it_holds(self, live_index_row: ReleaseRow) -> None:
        manifest = release_detail("search_index", live_index_row.key).manifest
        assert (manifest["books"], manifest["cursor"]) == (len(books()), Change.objects.latest("number").number)
        assert "lexicon.npz" in manifest["files"]

    def test_gives_equal_hashes_to_equal_contents(self, live_index_row: ReleaseRow) -> None:
        assert content(library.rebuild(promote=False)) == content(live_index_row)
        save_books([a_book("new")], now=NOON)
        assert content(library.rebuild(promote=False)) != content(live_index_row)

    def test_refuses_an_empty_catalogue(self, db: None) -> None:
        row = library.rebuild()
        assert (row.state, row.gate_passed) == ("refused_by_audit", False)
        assert "The catalogue has no books; import some first." in row.gate_reason
