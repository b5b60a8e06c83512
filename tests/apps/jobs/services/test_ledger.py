"""The ledger is rows: what processes do with them is the runner's."""

import ast

import pytest

from tests.architecture.tree import ROOT, parsed

LEDGER = ROOT / "apps" / "jobs" / "services" / "ledger"


def imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def of_processes(tree: ast.Module) -> set[str]:
    """What is imported that only a process needs."""
    wanted = ("apps.jobs.services.runner", "apps.jobs.relay", "subprocess", "threading", "signal", "os")
    return {name for name in imports(tree) if any(name == one or name.startswith(f"{one}.") for one in wanted)}


class TestLedger:
    def test_knows_no_process(self) -> None:
        files = sorted(LEDGER.glob("*.py"))

        assert len(files) > 5
        assert {file.name: found for file in files if (found := of_processes(parsed(file)))} == {}

    @pytest.mark.parametrize(
        "line",
        [
            "from apps.jobs.services.runner import loop",
            "import threading",
            "from apps.jobs.services.runner.loop import x",
        ],
    )
    def test_one_that_does_is_found(self, line: str) -> None:
        assert of_processes(ast.parse(line))
