from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import shelf
from apps.releases.services import wording
from apps.releases.services.kinds import Audit, BuildContext
from apps.search.services import evaluating
from apps.search.services.applying import indexed_book
from apps.search.services.building import BuiltIndex, Library
from apps.search.services.evaluating import WORDS, evaluate_index
from epicml.audience.bands import AgeBand
from epicml.evaluation.gate import GateResult, decide
from epicml.evaluation.report import Report
from epicml.evaluation.search import SEARCH_RULES
from tests.apps.search.engines.embedded.indexes import made
from tests.apps.search.library import NOON

TARGETS = 30


@pytest.fixture(autouse=True)
def few_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many titles are enough for a library of thirty books."""
    monkeypatch.setattr(evaluating, "TARGETS", TARGETS)


@pytest.fixture
def cards(full_library: None) -> list[BookCard]:
    return list(shelf().cards)


def evaluated(folder: Path, indexed: Sequence[BookCard], cards: Sequence[BookCard], **more: Any) -> Report:
    """The report on an index of the first books for a catalogue of the second ones."""
    made(folder, [indexed_book(card) for card in indexed])
    nothing: dict[str, Any] = {"champion": None, "champion_folder": None, "options": {}, "progress": lambda *_: None}
    context = BuildContext(kind="search_index", key="1", folder=folder, now=NOON, **{**nothing, **more})
    return evaluate_index(context, Library(list(cards), 1), Audit(), BuiltIndex({"content_sha256": "abc"}))


def refusals(found: GateResult) -> list[str]:
    return [result.rule for result in found.results if not result.passed]


class TestEvaluateIndex:
    def test_passes_a_whole_index(self, cards: list[BookCard], tmp_path: Path) -> None:
        report = evaluated(tmp_path, cards, cards)
        assert decide(report, SEARCH_RULES).passed
        assert report.measure("missing_books").challenger == 0
        assert report.measure("titles_found").challenger == report.measure("titles_found").n == TARGETS
        assert report.measure("above_age_band").challenger == 0
        assert 0.8 < report.measure("keystrokes_saved").challenger < 1
        assert report.counts["content SHA-256"] == "abc"

    def test_refuses_an_index_that_lacks_a_book(self, cards: list[BookCard], tmp_path: Path) -> None:
        # games is the most popular, so that it is among the titles that are typed.
        report = evaluated(tmp_path, [card for card in cards if card.key != "games"], cards)
        assert report.measure("missing_books").challenger == 1
        assert {"complete", "found"} <= set(refusals(decide(report, SEARCH_RULES)))

    def test_refuses_an_index_that_shows_books_above_the_band(self, cards: list[BookCard], tmp_path: Path) -> None:
        report = evaluated(tmp_path, [replace(card, age_band=AgeBand.AGES_0_TO_5) for card in cards], cards)
        assert report.measure("above_age_band").challenger > 0
        assert refusals(decide(report, SEARCH_RULES)) == ["age_band"]

    def test_refuses_an_index_in_which_more_must_be_typed_than_before(
        self, cards: list[BookCard], tmp_path: Path
    ) -> None:
        # Authors only: every title is unknown, as after a change that broke the reading of titles.
        made(tmp_path / "champion", [indexed_book(card) for card in cards])
        nameless = [replace(card, title=f"{card.id}") for card in cards]
        report = evaluated(tmp_path / "new", nameless, cards, champion_folder=tmp_path / "champion")
        assert {"baseline", "champion", "found"} <= set(refusals(decide(report, SEARCH_RULES)))
        champion = report.measure("keystrokes_saved").champion
        assert champion is not None
        assert champion > report.measure("keystrokes_saved").challenger

    def test_compares_an_index_with_itself_as_equal(self, cards: list[BookCard], tmp_path: Path) -> None:
        made(tmp_path / "champion", [indexed_book(card) for card in cards])
        measure = evaluated(tmp_path / "new", cards, cards, champion_folder=tmp_path / "champion").measure(
            "keystrokes_saved"
        )
        assert measure.champion == measure.challenger
        assert measure.change is not None
        assert (measure.change.low, measure.change.high) == (0, 0)

    def test_refuses_for_a_champion_that_cannot_be_read(self, cards: list[BookCard], tmp_path: Path) -> None:
        (tmp_path / "champion").mkdir()
        report = evaluated(tmp_path / "new", cards, cards, champion_folder=tmp_path / "champion")
        assert report.measure("keystrokes_saved").champion is None
        found = decide(report, SEARCH_RULES)
        assert [(refusal.name, refusal.acceptable) for refusal in found.refusals] == [("not_compared", True)]
        assert "could not be compared, because its index cannot be read" in wording.reason(found, report, WORDS)

    def test_tells_what_it_counted_in_plain_words(self, cards: list[BookCard], tmp_path: Path) -> None:
        report = evaluated(tmp_path, [card for card in cards if card.key != "games"], cards)
        told = wording.reason(decide(report, SEARCH_RULES), report, WORDS)
        assert "1 book differs between index and catalogue (limit: 0)." in told
        assert f" of {TARGETS} titles led to their book (required: all)." in told

    def test_has_words_for_each_rule(self) -> None:
        assert list(WORDS) == [rule.key for rule in SEARCH_RULES]
