import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.releases.selectors.live import live_key


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
