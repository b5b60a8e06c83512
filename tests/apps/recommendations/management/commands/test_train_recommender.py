import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.catalog.models import Book
from apps.catalog.selectors.shelf import reset_shelf
from apps.events.models import Event
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.runner.execution import run_until_empty
from apps.releases.selectors.listing import ReleaseRow, releases
from apps.releases.selectors.live import live_key
from tests.apps.recommendations.library import NOON


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("train_recommender", *arguments, stdout=out)
    return out.getvalue()


class TestTrainRecommender:
    def test_serves_what_passes_its_gate(self, full_library: None) -> None:
        said = run("--promote", "--without-lightfm")
        assert "is live: Yes." in said
        assert live_key("recommender") is not None

    def test_leaves_it_waiting_unless_told_to_promote(self, full_library: None) -> None:
        assert "waits to be promoted" in run("--without-lightfm")
        assert live_key("recommender") is None

    def test_writes_json(self, full_library: None) -> None:
        row = json.loads(run("--promote", "--without-lightfm", "--json"))
        assert (row["kind"], row["state"]) == ("recommender", "live")

    def test_says_that_there_is_nothing_to_learn_from(self, db: None) -> None:
        with pytest.raises(CommandError, match="nothing to learn from"):
            run()


def refused(*arguments: str) -> str:
    """What the command says that ends with exit code 1."""
    out = StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("train_recommender", "--promote", "--without-lightfm", *arguments, stdout=out)
    assert caught.value.code == 1
    return out.getvalue()


def weed() -> None:
    """Two of three readers, and all they read, are gone."""
    kept = sorted(set(Event.objects.values_list("reader_id", flat=True)))[::3]
    Event.objects.exclude(reader_id__in=kept).delete()


class TestAccept:
    def test_says_how_a_loss_of_rows_is_accepted_and_takes_it(self, live_model: ReleaseRow) -> None:
        weed()
        said = refused()
        assert "rows; the live model was built from" in said
        names = [refusal["name"] for refusal in releases(kind="recommender")[0].refusals]
        options = [part for name in names for part in ("--accept", name)]
        assert "rows_lost" in names
        assert f"train_recommender {' '.join(options)} --why REASON" in said
        said = run("--promote", "--without-lightfm", *options, "--why", "we weeded the shelf", "--by", "eve")
        assert f"is live: Yes, because a person accepted: {', '.join(names)}." in said
        assert {(one["name"], one["by"], one["why"]) for one in releases(kind="recommender")[0].accepted} == {
            (name, "eve", "we weeded the shelf") for name in names
        }

    @pytest.mark.parametrize("why", [[], ["--why", ""]])
    def test_wants_a_reason(self, live_model: ReleaseRow, why: list[str]) -> None:
        with pytest.raises(CommandError, match="Say --why you accept it"):
            run("--accept", "rows_lost", *why)

    @pytest.mark.parametrize("name", ["age_band", "already_read", "reproduced", "serves", "everything"])
    def test_names_what_can_be_accepted(self, live_model: ReleaseRow, name: str) -> None:
        with pytest.raises(CommandError, match="known for recommender are above_popularity, band_shares, bands_moved"):
            run("--accept", name, "--why", "I want it")


class TestSabotage:
    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"age_band": 0}, "bands_moved"),
            ({"genres": []}, "columns_lost"),
            ({"ratings_count": 0}, "columns_lost"),
            ({"title": "Untitled"}, "columns_changed"),
        ],
    )
    def test_of_the_books_is_refused(self, live_model: ReleaseRow, change: dict[str, object], named: str) -> None:
        Book.objects.update(**change)
        reset_shelf()
        refused()
        assert named in [refusal["name"] for refusal in releases(kind="recommender")[0].refusals]
        assert live_key("recommender") == (live_model.key, live_model.sha256)

    def test_of_the_live_model_stops_short_with_the_sentence(self, live_model: ReleaseRow, artifacts_dir: Path) -> None:
        path = artifacts_dir / "recommender" / live_model.key / "holdout.npz"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))
        said = refused()
        assert f"Release {live_model.key} is live but could not be compared, because holdout.npz" in said
        assert "nothing was live" not in said
        enqueue("recommendations.retrain", {"accept": ["not_compared"], "why": "nightly"}, now=NOON)
        run_until_empty(clock=lambda: NOON)
        assert live_key("recommender") == (live_model.key, live_model.sha256)
        assert "is live: Yes, because a person accepted: not_compared." in run(
            "--promote", "--without-lightfm", "--accept", "not_compared", "--why", "the disk failed"
        )
