"""The search index beside a live one: after growth, after sabotage, and where the live one cannot be asked."""

import random
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.catalog.models import Book, Change
from apps.catalog.selectors.books import all_live_cards
from apps.catalog.selectors.shelf import reset_shelf
from apps.catalog.services.books import delete_books, save_books
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.runner.execution import run_until_empty
from apps.releases.artifacts import manifest_of
from apps.releases.models import Decision, Release
from apps.releases.selectors.listing import ReleaseRow, releases
from apps.releases.selectors.live import live_key
from apps.releases.services.live_artifact import reset_live_artifacts
from apps.search.services import evaluating
from apps.search.services.applying import apply_changes
from apps.search.serving import indexes
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.damages import change_a_byte, remove_copies, sealed_folder
from tests.apps.search.library import NOON
from tests.apps.search.searching import EmbeddedSearch, found

pytestmark = pytest.mark.django_db
WORDS = ("amber", "bird", "castle", "dragon", "echo", "forest", "giant", "house", "island", "jungle", "king", "lion")


def stock(count: int, *, first: int = 0, band: AgeBand | None = None) -> None:
    """Books of every band, or of this one, each with a title of its own."""
    chosen = random.Random(first)
    save_books(
        [
            a_book(
                f"b{number}",
                title=f"{' '.join(chosen.sample(WORDS, 3)).title()} {number}",
                series=None,
                authors=(f"Author {number % 90}",),
                age_band=AgeBand(number % 6) if band is None else band,
                ratings_count=number,
            )
            for number in range(first, first + count)
        ],
        now=NOON,
    )


def rebuild(*arguments: str) -> str:
    """What the command says; its sentence where it fails."""
    out = StringIO()
    call_command("rebuild_search_index", "--promote", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        rebuild(*arguments)
    return str(caught.value)


def live() -> str | None:
    found = live_key("search_index")
    return found[0] if found else None


def newest() -> ReleaseRow:
    return releases(kind="search_index")[0]


@pytest.fixture(autouse=True)
def few_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer titles are typed, so that a test takes a second."""
    monkeypatch.setattr(evaluating, "TARGETS", 40)


class TestGrowth:
    def test_from_few_books_to_many_goes_live(self) -> None:
        stock(48)
        rebuild()
        stock(1200, first=48)
        assert ": live in " in rebuild()
        assert newest().gate_headline == "Yes. It is better than the champion and breaks no rule."

    def test_by_an_import_of_one_band_is_accepted_by_name(self) -> None:
        stock(48)
        rebuild()
        stock(600, first=48, band=AgeBand.ADULT)
        said = refused()
        assert "adult 8 (16.7 %), now 608 (93.8 %)" in said
        assert "rebuild_search_index --accept band_shares --why REASON" in said
        assert ": live in " in rebuild(
            "--accept", "band_shares", "--why", "we bought a shelf for adults", "--by", "eve"
        )
        (accepted,) = newest().accepted
        assert (accepted["name"], accepted["by"]) == ("band_shares", "eve")

    @pytest.mark.parametrize("titles", [["???"], ["???", "..."], ["It"], ["It", "It"]])
    def test_of_the_smallest_catalogues_is_decided(self, titles: list[str]) -> None:
        """Whatever the answer is, it is one: no statistics ends a build."""
        for step, title in enumerate(titles):
            save_books([a_book(f"b{step}", title=title, series=None)], now=NOON)
            library.rebuild()
            assert newest().state in {"live", "refused"}
        save_books([a_book("fresh", title="Holes", series=None)], now=NOON)
        assert library.rebuild().state in {"live", "refused"}


class TestSabotage:
    @pytest.fixture(autouse=True)
    def first(self) -> str:
        stock(120)
        rebuild()
        return newest().key

    def test_of_all_bands_is_refused_with_the_numbers(self, first: str) -> None:
        Book.objects.update(age_band=0)
        said = refused()
        assert "0 to 5 20 (16.7 %), now 120 (100.0 %)" in said
        assert "100 (83.3 %) have another age band; 100 (83.3 %) moved to younger readers." in said
        assert (live(), newest().state) == (first, "refused_by_audit")

    def test_of_bands_dealt_anew_is_refused_though_their_shares_stay(self, first: str) -> None:
        dealt = random.Random(1).sample(sorted(Book.objects.values_list("id", "age_band")), 120)
        bands = [band for _, band in dealt]
        for (book_id, _), band in zip(sorted(dealt), bands, strict=True):
            Book.objects.filter(id=book_id).update(age_band=band)
        said = refused()
        assert "The shares" not in said
        assert "have another age band" in said
        assert live() == first

    @pytest.mark.parametrize(
        ("column", "value", "named"),
        [("genres", [], "columns_lost"), ("language", "und", "columns_lost"), ("title", "Untitled", "columns_changed")],
    )
    def test_of_a_column_is_refused(self, first: str, column: str, value: object, named: str) -> None:
        Book.objects.update(**{column: value})
        refused()
        assert named in [refusal["name"] for refusal in newest().refusals]
        assert live() == first

    def test_of_a_few_books_goes_live(self, first: str) -> None:
        Book.objects.filter(key__in=["b5", "b11"]).update(age_band=4, title="Corrected")
        assert ": live in " in rebuild()

    def test_after_weeding_goes_live(self, first: str) -> None:
        delete_books([f"b{number}" for number in range(60)], now=NOON)
        assert ": live in " in rebuild()

    def test_is_never_accepted_by_the_nightly_job(self, first: str) -> None:
        Book.objects.update(age_band=0)
        enqueue("search.rebuild", {"accept": ["bands_moved", "band_shares"], "why": "x"}, now=NOON)
        run_until_empty(clock=lambda: NOON)
        assert (live(), newest().state, list(newest().accepted)) == (first, "refused_by_audit", [])

    def test_is_accepted_only_with_a_reason_and_by_a_known_name(self, first: str) -> None:
        assert refused("--accept", "bands_moved").startswith("Say --why")
        assert "known for search_index are band_shares, bands_moved, baseline, champion" in refused(
            "--accept", "age_band", "--why", "I want it"
        )


class TestLiveIndexThatCannotBeAsked:
    @pytest.fixture(autouse=True)
    def first(self, full_library: None) -> str:
        rebuild()
        return newest().key

    def test_stops_every_automatic_promotion(self, first: str, var_dir: Path) -> None:
        change_a_byte(sealed_folder(var_dir, first), ".term")
        said = refused()
        assert said.startswith(f"Release {first} is live but could not be compared, because ")
        assert "nothing was live" not in said + newest().gate_headline
        enqueue("search.rebuild", now=NOON)
        run_until_empty(clock=lambda: NOON)
        assert (live(), newest().state) == (first, "refused")

    def test_is_replaced_by_a_person(self, first: str, var_dir: Path) -> None:
        change_a_byte(sealed_folder(var_dir, first), ".term")
        rebuild("--accept", "not_compared", "--why", "the disk failed")
        assert live() == newest().key != first

    def test_of_an_older_form_stops_it_too(self, first: str, var_dir: Path) -> None:
        folder = sealed_folder(var_dir, first)
        (folder / "catalogue.npz").unlink()
        self.seal_again(first, folder)
        assert "its age bands could not be compared, because it has no catalogue.npz" in refused()
        assert live() == first

    def test_of_another_schema_stops_it_too(self, first: str, var_dir: Path) -> None:
        folder = sealed_folder(var_dir, first)
        meta = folder / "index" / "meta.json"
        meta.write_text(meta.read_text().replace('"name": "exact"', '"name": "exakt"'))
        assert "exakt" in meta.read_text()
        self.seal_again(first, folder)
        assert "is of another form than this program reads" in refused()
        assert live() == first

    def seal_again(self, key: str, folder: Path) -> None:
        """The files are as another version would have sealed them."""
        Release.objects.filter(key=key).update(sha256=manifest_of(folder).sha256)


class TestRestoredDatabase:
    def test_without_the_releases_builds_beside_their_files(self, full_library: None) -> None:
        rebuild()
        Decision.objects.all().delete()
        Release.objects.all().delete()
        assert "Search index 2026-" in rebuild()
        assert newest().key.endswith(".2")

    def test_of_an_earlier_day_makes_the_working_copy_anew(self, full_library: None) -> None:
        rebuild()
        before = len(library.books())
        save_books([a_book("lost", title="Zebra", series=None)], now=NOON)
        apply_changes()
        # The database is the one of an hour ago: the book and its change are in it no more, the copy is.
        Change.objects.filter(book__key="lost").delete()
        Book.objects.filter(key="lost").delete()
        reset_shelf()
        reset_live_artifacts()
        index = indexes.current(NOON)
        assert index is None or index.books == before
        applied = apply_changes()
        assert applied is not None
        assert applied.remade
        reset_live_artifacts()
        index = indexes.current(NOON)
        assert index is not None
        assert (index.books, sum(map(len, all_live_cards()))) == (before, before)

    def test_of_an_earlier_day_that_went_on_makes_the_working_copy_anew(self, full_library: None) -> None:
        rebuild()
        save_books([a_book("lost", title="Zebra", series=None)], now=NOON)
        apply_changes()
        lost = Change.objects.get(book__key="lost").number
        Change.objects.filter(number=lost).delete()
        Book.objects.filter(key="lost").delete()
        save_books([a_book("other", title="Yak", series=None)], now=NOON)
        # The restored database gives the number of the lost change to another one, and goes on.
        Change.objects.filter(book__key="other").update(number=lost)
        save_books([a_book("later", title="Gnu", series=None)], now=NOON)
        applied = apply_changes()
        assert applied is not None
        assert applied.remade
        reset_live_artifacts()
        engine = EmbeddedSearch().engine()
        assert [found(engine, text) for text in ("zebra", "yak", "gnu")] == [[], ["other"], ["later"]]
        assert not apply_changes().remade  # type: ignore[union-attr]

    def test_without_any_files_waits_for_a_person(self, full_library: None, var_dir: Path) -> None:
        rebuild()
        first = newest().key
        remove_copies()
        shutil.rmtree(var_dir / "artifacts")
        assert f"Release {first} is live but could not be compared, because the files of search_index" in refused()
        rebuild("--accept", "not_compared", "--why", "restored without files")
        assert live() == newest().key
