"""What import-linter cannot see: folders, sizes, clocks, and that tests stand where their code stands."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCES, WRITTEN, name_of, parsed, python_files

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
# Where the time of day may be asked for: the edge of a process. `now` is an argument everywhere else.
CLOCKED_ROOMS = ("api", "pages", "admin", "management", "tasks")
CLOCKS = {
    ("timezone", "now"),
    ("timezone", "localtime"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}
# Probes and collectors are called by the registries without arguments, so the modules that hold them are edges too.
CLOCKED_NAMES = ("apps.py", "monitoring.py")
# A test of many modules together, which mirrors none of them.
UNMIRRORED = {
    "tests/apps/jobs/test_kills.py": "runners are killed at random while they work",
    "tests/apps/jobs/test_outages.py": "Redis is taken away from relay and workers while they work",
}
# which makes settings ready before
INSIDE_A_SERVER = ("benchmarks.suggest_rsgi", "benchmarks.suggest_urls", "benchmarks.unnoted_rsgi")
IMPORT_ALL = """
import json, pkgutil, sys
import epicml
for module in pkgutil.walk_packages(epicml.__path__, "epicml."):
    __import__(module.name)
loaded = sorted(set(sys.modules) & {"django", "rest_framework", "celery", "redis", "tantivy", "apps", "config"})
print(json.dumps([loaded, len([name for name in sys.modules if name.startswith("epicml.")])]))
"""


def folders_without_init(root: Path, *names: str) -> list[str]:
    """Folders that hold Python somewhere below and are no package: linters do not see what is in them."""
    holders = {parent for path in python_files(*names, root=root) for parent in path.relative_to(root).parents}
    return sorted(
        str(folder) for folder in holders if folder != Path() and not (root / folder / "__init__.py").exists()
    )


def clock_reads(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of each place that asks for the time of day."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if (owner, node.attr) in CLOCKS:
                yield node.lineno, f"{owner}.{node.attr}"
        if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            yield node.value.lineno, str(node.arg)


def is_edge(path: Path) -> bool:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0] in {"config", "demo"} or path.name in CLOCKED_NAMES or not set(parts[2:3]).isdisjoint(CLOCKED_ROOMS)


def functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Name and lines of each function, without what its docstring teaches."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            told = node.body[0].end_lineno if ast.get_docstring(node) else node.lineno
            yield node.name, (node.end_lineno or 0) - (told or 0)


class TestFolders:
    def test_each_is_a_package(self) -> None:
        assert folders_without_init(ROOT, *WRITTEN) == []

    def test_one_that_is_not_is_found(self, tmp_path: Path) -> None:
        command = tmp_path / "apps" / "catalog" / "management" / "commands" / "hidden.py"
        command.parent.mkdir(parents=True)
        command.touch()
        for folder in ("apps", "apps/catalog", "apps/catalog/management/commands"):
            (tmp_path / folder / "__init__.py").touch()
        assert folders_without_init(tmp_path, "apps") == ["apps/catalog/management"]

    def test_each_init_of_the_sources_is_empty(self) -> None:
        assert [
            name_of(path) for path in python_files(*SOURCES) if path.name == "__init__.py" and path.read_text()
        ] == []


class TestSizes:
    def test_no_file_is_a_monster(self) -> None:
        sizes = {name_of(path): len(path.read_text().splitlines()) for path in python_files(*WRITTEN)}
        assert {name: lines for name, lines in sizes.items() if lines > LONGEST_FILE} == {}

    def test_no_function_is_longer_than_the_eye(self) -> None:
        found = [
            f"{name_of(path)}: {name} has {lines} lines"
            for path in python_files(*SOURCES)
            for name, lines in functions(parsed(path))
            if lines > LONGEST_FUNCTION
        ]
        assert found == []


class TestClocks:
    def test_are_read_at_the_edge_only(self) -> None:
        found = [
            f"{name_of(path)}:{line} {name}"
            for path in python_files(*SOURCES)
            if not is_edge(path)
            for line, name in clock_reads(parsed(path))
        ]
        assert found == []

    @pytest.mark.parametrize(
        "line",
        [
            "timezone.now()",
            "django.utils.timezone.now()",
            "datetime.datetime.now(UTC)",
            "time.time()",
            "Field(default=timezone.now)",
            "DateTimeField(auto_now=True)",
        ],
    )
    def test_one_is_found(self, line: str) -> None:
        assert list(clock_reads(ast.parse(line)))


class TestCore:
    def test_importing_all_of_it_loads_no_framework(self) -> None:
        done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=True)
        loaded, modules = json.loads(done.stdout)
        assert loaded == []
        assert modules > 10


class TestMirror:
    """tests/apps/jobs/test_services.py tests apps/jobs/services.py, or a package of that name."""

    @pytest.mark.parametrize("floor", ["apps", "epicml", "config", "demo"])
    def test_each_test_stands_where_its_code_stands(self, floor: str) -> None:
        missing = []
        for path in (ROOT / "tests" / floor).rglob("test_*.py"):
            code = ROOT / path.relative_to(ROOT / "tests").with_name(path.name.removeprefix("test_"))
            if not code.exists() and not code.with_suffix("").is_dir() and not path.stem.endswith("_contract"):
                missing.append(name_of(path))
        assert [name for name in missing if name not in UNMIRRORED] == []


class TestBenchmarks:
    def test_can_be_started_where_nothing_is_set(self) -> None:
        names = sorted(f"benchmarks.{path.stem}" for path in (ROOT / "benchmarks").glob("*.py"))
        starting = [name for name in names if not name.startswith(INSIDE_A_SERVER)]
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        command = [sys.executable, "-c", f"import {', '.join(starting)}"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
