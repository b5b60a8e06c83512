import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.releases.selectors.listing import releases
from apps.releases.selectors.live import live_key


def run(*arguments: str) -> tuple[str, str]:
    out, progress = StringIO(), StringIO()
    call_command("rebuild_search_index", *arguments, stdout=out, stderr=progress)
    return out.getvalue(), progress.getvalue()


@pytest.mark.usefixtures("full_library", "quick_gate")
class TestRebuildSearchIndex:
    def test_serves_what_passes_its_gate_and_says_what_it_did(self) -> None:
        said, progress = run("--promote", "--why", "new books", "--by", "ada")
        row = releases(kind="search_index")[0]
        assert said.startswith(f"Search index {row.key}: live in ")
        assert said.count("\n") == 1
        assert "30 books indexed" in progress
        assert (row.created_by, row.why, live_key("search_index")) == ("ada", "new books", (row.key, row.sha256))

    def test_leaves_it_waiting_unless_told_to_promote(self) -> None:
        assert ": passed in " in run()[0]
        assert live_key("search_index") is None

    def test_can_be_run_again(self) -> None:
        run("--promote")
        run("--promote")
        assert [row.state for row in releases(kind="search_index")] == ["live", "retired"]

    def test_writes_json(self) -> None:
        row = json.loads(run("--promote", "--json")[0])
        assert (row["kind"], row["state"], row["gate_passed"]) == ("search_index", "live", True)


class TestRefusal:
    def test_fails_with_one_sentence_where_there_are_no_books(self, db: None) -> None:
        with pytest.raises(CommandError, match=r"The catalogue has no books; import some first\."):
            run("--promote")
