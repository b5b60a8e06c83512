"""Imports of goodbooks-10k by command on SQLite: all books, all ratings, and both again."""

import re
import tempfile
from pathlib import Path

from benchmarks.goodbooks import GOODBOOKS
from benchmarks.manage import manage
from benchmarks.report import heading, row

RATINGS_SECONDS = 30
SUMMARY_SECONDS = re.compile(r"rows in ([\d.]+) s")


def main() -> None:
    """Measure with the real files where they are beside the project."""
    heading("Imports of goodbooks-10k on SQLite")
    if not GOODBOOKS.is_dir():
        print(f"  not measured, {GOODBOOKS} is not there")
        return
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        var = Path(folder)
        manage(var, "migrate")
        for again in (False, True):
            _measure(var, "books", "import_books", str(GOODBOOKS / "books.csv"), again=again)
            ratings = str(GOODBOOKS / "ratings.csv")
            _measure(var, "ratings", "import_interactions", ratings, "--new-readers", "adult", again=again)


def _measure(var: Path, what: str, *arguments: str, again: bool) -> None:
    said = manage(var, *arguments).strip().partition("\n")[0]
    found = SUMMARY_SECONDS.search(said)
    seconds = float(found[1]) if found else float("nan")
    bounded = what == "ratings" and not again
    row(
        f"{what}{', again' if again else ''}",
        f"{seconds:.1f} s",
        compared_with=said.partition(" s: ")[2],
        target=f"< {RATINGS_SECONDS} s" if bounded else "",
        met=seconds < RATINGS_SECONDS if bounded else None,
    )


if __name__ == "__main__":
    main()
