"""What shape the code has: how long files and functions are, and how many private functions are called once.

    python -m benchmarks.code_shape            the work tree
    python -m benchmarks.code_shape REVISION   the same of a revision of git, so that before and after are counted alike

Counted are apps/, epicml/, config/ and demo/ without migrations and empty files. A function's lines are those from its
`def` to its end, without its docstring. A private function is called once where its module names it once.
"""

import ast
import io
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from statistics import median

FLOORS = ("apps", "epicml", "config", "demo")
SHORT_FILE = 30
SHORT_FUNCTION = 5
LONG_FUNCTION = 60
ROOT = Path(__file__).resolve().parents[1]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Shape:
    """The counts of some modules."""

    files: tuple[int, ...]  # lines of each
    functions: tuple[int, ...]
    private: tuple[int, ...]
    once: tuple[int, ...]  # private functions that are called once

    def __add__(self, other: "Shape") -> "Shape":
        return Shape(
            self.files + other.files,
            self.functions + other.functions,
            self.private + other.private,
            self.once + other.once,
        )

    def cells(self) -> list[str]:
        """The figures as a line of the table."""
        short = sum(lines < SHORT_FUNCTION for lines in self.once)
        return [
            str(len(self.files)),
            f"{median(self.files or (0,)):g}",
            _share(sum(lines < SHORT_FILE for lines in self.files), len(self.files)),
            str(len(self.functions)),
            f"{median(self.functions or (0,)):g}",
            _share(sum(lines > LONG_FUNCTION for lines in self.functions), len(self.functions)),
            str(len(self.private)),
            f"{len(self.once)} ({_share(len(self.once), len(self.private))})",
            f"{short} ({_share(short, len(self.private))})",
        ]


HEADS = (
    "files", "median", "< 30", "functions", "median", "> 60", "private", "called once", "once and < 5",
)  # fmt: skip


def shape_of(source: str) -> Shape:
    """Count one module.

    >>> shape_of("def _two():\\n    return 2\\n\\n\\ndef four():\\n    return _two() * 2\\n").once
    (2,)
    """
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    private = [one for one in functions if one.name.startswith("_") and not one.name.endswith("__")]
    uses = Counter(
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    return Shape(
        (len(source.splitlines()),),
        tuple(map(_lines, functions)),
        tuple(map(_lines, private)),
        tuple(_lines(one) for one in private if uses[one.name] == 1),
    )


def _lines(function: Function) -> int:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    told = function.body[0]
    return lines - ((told.end_lineno or told.lineno) - told.lineno + 1)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def work_tree() -> Iterator[tuple[str, str]]:
    """Path and text of each module of the work tree."""
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def revision(name: str) -> Iterator[tuple[str, str]]:
    """Path and text of each module of a revision."""
    command = ["git", "archive", "--format=tar", name, *FLOORS]
    archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            content = files.extractfile(member) if member.name.endswith(".py") else None
            if content is not None:
                yield member.name, content.read().decode()


def shapes(modules: Iterable[tuple[str, str]]) -> Mapping[str, Shape]:
    """The counts by folder (an app, a package of the core, a floor), and of everything."""
    empty = Shape((), (), (), ())
    found: dict[str, Shape] = {}
    for name, source in modules:
        parts = PurePosixPath(name).parts
        if "migrations" in parts or not source.strip():
            continue
        folder = "/".join(parts[:2]) if parts[0] in {"apps", "epicml"} and len(parts) > 2 else parts[0]
        found[folder] = found.get(folder, empty) + shape_of(source)
    return {**dict(sorted(found.items())), "all": sum(found.values(), empty)}


def main(arguments: list[str]) -> None:
    """Print the table."""
    modules = revision(arguments[0]) if arguments else work_tree()
    lines = [("", *HEADS), *((name, *shape.cells()) for name, shape in shapes(modules).items())]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *cells in lines:
        print(first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)))


if __name__ == "__main__":
    main(sys.argv[1:])
