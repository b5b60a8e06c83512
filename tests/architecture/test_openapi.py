"""docs/openapi.yaml is what the code says. `make openapi` writes it."""

from pathlib import Path

from django.core.management import call_command

from tests.architecture.tree import ROOT

SNAPSHOT = ROOT / "docs" / "openapi.yaml"


class TestOpenApi:
    def test_the_snapshot_is_what_the_code_says(self, tmp_path: Path) -> None:
        written = tmp_path / "openapi.yaml"
        call_command("spectacular", "--file", str(written), "--validate", "--fail-on-warn")
        assert written.read_text() == SNAPSHOT.read_text(), (
            "The API changed: run `make openapi` and read the difference."
        )
