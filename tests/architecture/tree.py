"""The project's source files, as the tests of its architecture see them."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("config", "demo", "apps", "epicml")
WRITTEN = (*SOURCES, "tests", "benchmarks")


def python_files(*folders: str, root: Path = ROOT) -> Iterator[Path]:
    """Every Python file in these folders of the project."""
    for folder in folders:
        yield from sorted((root / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """The path as a person writes it, from the project's root."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def contracts() -> list[dict[str, Any]]:
    """The import contracts of pyproject.toml."""
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return found


def contract(contract_id: str) -> dict[str, Any]:
    return next(found for found in contracts() if found["id"] == contract_id)


def app_layers() -> list[set[str]]:
    """The apps in their order, those that may be used by most first; strangers share a layer."""
    layers = contract("app-order")["layers"]
    return [{name.strip("() ") for name in layer.split("|")} for layer in reversed(layers)]
