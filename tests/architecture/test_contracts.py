"""Every import contract is broken on purpose: a pattern that matches nothing would pass in silence for ever."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCES, contract, contracts, python_files

# What breaks which contract: the file it is written into, and the line. "breach" becomes a new file.
BREACHES: tuple[tuple[str, str, str], ...] = (
    ("floors", "apps/catalog/services/breach.py", "import config.settings"),
    ("floors", "apps/catalog/services/breach.py", "import demo.apps"),
    ("floors", "epicml/stats/breach.py", "import apps.platform.services.errors"),
    ("floors", "demo/breach.py", "import config.urls"),
    ("core-is-pure", "epicml/text/breach.py", "def read():\n    import os"),
    ("app-order", "apps/platform/services/breach.py", "import apps.jobs.services"),
    ("app-order", "apps/jobs/services/breach.py", "import apps.events.services"),
    ("app-order", "apps/catalog/services/breach.py", "import apps.readers.services"),
    ("app-order", "apps/readers/api/breach.py", "import apps.catalog.selectors"),
    ("app-order", "apps/releases/services/breach.py", "import apps.search.services"),
    ("app-order", "apps/search/services/breach.py", "import apps.recommendations.services"),
    ("app-order", "apps/unplaced/__init__.py", ""),
    ("app-borders", "apps/search/services/breach.py", "import apps.catalog.models"),
    ("app-borders", "apps/search/api/breach.py", "import apps.catalog.api.views"),
    ("app-borders", "apps/search/tasks.py", "import apps.jobs.tasks"),
    ("app-borders", "demo/breach.py", "import apps.catalog.models"),
    ("app-rooms", "apps/catalog/helpers.py", ""),
    ("app-rooms", "apps/catalog/utils/__init__.py", ""),
    ("app-rooms", "apps/catalog/selectors/breach.py", "import apps.catalog.services"),
    ("app-rooms", "apps/catalog/services/breach.py", "import apps.catalog.api.views"),
    ("app-rooms", "apps/catalog/api/breach.py", "import apps.catalog.management"),
    ("app-rooms", "apps/search/engines/breach.py", "import apps.search.selectors"),
    ("app-rooms", "apps/platform/pages/breach.py", "import apps.platform.admin"),
    ("core-rooms", "epicml/text/breach.py", "import epicml.datasets"),
    ("core-rooms", "epicml/search/breach.py", "import epicml.recommenders"),
    ("core-rooms", "epicml/recommenders/breach.py", "import epicml.evaluation"),
    ("core-rooms", "epicml/attic/__init__.py", ""),
    ("doors", "apps/search/services/breach.py", "import tantivy"),
    ("entry-points", "apps/catalog/api/breach.py", "import apps.catalog.models"),
    ("entry-points", "apps/catalog/management/commands/breach.py", "import apps.catalog.models"),
    ("entry-points", "apps/releases/pages/breach.py", "import apps.releases.artifacts"),
    ("entry-points", "apps/search/api/breach.py", "import apps.search.tasks"),
    ("tables", "apps/catalog/models.py", "import apps.platform.services.errors"),
    ("tables", "apps/catalog/migrations/breach.py", "import apps.jobs.services"),
    ("empty-roots", "apps/catalog/__init__.py", "import apps.catalog.models"),
    ("empty-roots", "apps/__init__.py", "import apps.catalog.models"),
)


# Not a breach: what must stay allowed, so that a refusal says something.
ALLOWED = (
    ("epicml/evaluation/breach.py", "import epicml.recommenders"),
    ("epicml/evaluation/breach.py", "import datetime"),
    ("apps/search/api/breach.py", "import apps.catalog.selectors"),
    ("apps/search/api/breach.py", "import apps.platform.api.errors"),
    ("apps/search/services/breach.py", "import apps.search.models"),
    ("apps/search/engines/embedded.py", "import tantivy"),
    ("apps/catalog/admin.py", "import apps.catalog.models"),
    ("apps/jobs/admin.py", "import apps.platform.pages.bulk"),
)


def outside_breaches() -> list[tuple[str, str, str]]:
    """An import of every outside module that a contract forbids by name."""
    files = {"core-is-pure": "epicml/text/breach.py", "doors": "apps/events/services/breach.py"}
    return [
        (contract_id, name, f"import {module}")
        for contract_id, name in files.items()
        for module in contract(contract_id)["forbidden_modules"]
    ]


def breach_file(name: str, number: int) -> Path:
    path = Path(name)
    return path.with_name(f"breach{number}.py") if path.name == "breach.py" else path


def module_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def copy_with(lines: Iterable[tuple[Path, str]], copy: Path) -> Path:
    """A copy of the project's Python files, with these lines added."""
    for path in python_files(*SOURCES):
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    shutil.copyfile(ROOT / "pyproject.toml", copy / "pyproject.toml")
    for path, line in lines:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).parent.joinpath("__init__.py").touch()
        with (copy / path).open("a") as file:
            file.write(f"\n{line}\n")
    return copy


def lint(tree: Path) -> str:
    """What import-linter says of the tree."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    wide = {**os.environ, "COLUMNS": "1000"}  # one chain, one line
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, env=wide).stdout


def sections(said: str) -> dict[str, str]:
    """What it says of each broken contract, by the contract's id."""
    details = said.partition("Broken contracts\n")[2]
    starts = sorted(
        (details.index(f"\n{found['name']}\n"), found["id"]) for found in contracts() if found["name"] in details
    )
    ends = [start for start, _ in starts[1:]] + [len(details)]
    return {contract_id: details[start:end] for (start, contract_id), end in zip(starts, ends, strict=True)}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """All breaches at once, in one run."""
    lines = [
        (breach_file(name, number), line) for number, (_, name, line) in enumerate([*BREACHES, *outside_breaches()])
    ]
    return sections(lint(copy_with(lines, tmp_path_factory.mktemp("breached"))))


class TestContracts:
    def test_the_project_keeps_all_of_them(self) -> None:
        assert f"Contracts: {len(contracts())} kept, 0 broken." in lint(ROOT)

    def test_what_must_stay_allowed_is(self, tmp_path: Path) -> None:
        lines = [(breach_file(name, number), line) for number, (name, line) in enumerate(ALLOWED)]
        assert f"Contracts: {len(contracts())} kept, 0 broken." in lint(copy_with(lines, tmp_path))

    def test_each_is_broken_here(self, refused: dict[str, str]) -> None:
        assert list(refused) == [found["id"] for found in contracts()]

    @pytest.mark.parametrize(("number", "breach"), list(enumerate(BREACHES)))
    def test_refuses(self, refused: dict[str, str], number: int, breach: tuple[str, str, str]) -> None:
        contract_id, name, line = breach
        module = module_of(breach_file(name, number))
        assert (f"{module} -> {line.split()[-1]} (" if line else f"- {module}\n") in refused[contract_id]

    @pytest.mark.parametrize(("number", "breach"), list(enumerate(outside_breaches(), start=len(BREACHES))))
    def test_refuses_each_outside_module(
        self, refused: dict[str, str], number: int, breach: tuple[str, str, str]
    ) -> None:
        contract_id, name, line = breach
        assert f"{module_of(breach_file(name, number))} -> {line.split()[-1]} (" in refused[contract_id]
