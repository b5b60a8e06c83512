"""Keystrokes that suggestions save: titles of goodbooks typed letter by letter, the title before any author.

Each target is typed into the product's own index of all 10,000 books, as an adult sees it, and into two bare rules in
the same run: titles that start with the text by popularity, and titles that hold it anywhere, in order of the title. A
target saves 1 - (letters typed when it is first among those shown) / (letters of its title), and 0 if it never is.
"""

import os
import random
import tempfile
from collections.abc import Callable, Hashable, Sequence
from functools import cache, partial
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

import django

from benchmarks.goodbooks import GOODBOOKS, BenchmarkBook, all_books
from benchmarks.report import heading, row
from epicml.audience.bands import AgeBand
from epicml.metrics.keystrokes import Typing, type_out
from epicml.search.lexicon import Lexicon
from epicml.search.plan import Typed
from epicml.search.ranking import rank_suggestions
from epicml.search.titles import TitleStarts
from epicml.stats.bootstrap import Interval, paired_interval
from epicml.text.normalise import typed_form

if TYPE_CHECKING:
    from apps.search.engines.embedded.reader import EmbeddedEngine

SEEDS: Final = (2026, 2027, 2028, 2029, 2030)
TARGETS: Final = 600
SHOWN: Final = 10
FEW: Final = 5
LETTERS: Final = (2, 3, 4, 6)
LEAST_SAVED: Final = {"drawn by popularity": 0.79, "drawn uniformly": 0.73}
OURS, STARTS, HOLDS = "suggestions", "title starts with, by popularity", "icontains on the title, by title"

# The ids of at most so many books for a text, best first.
Suggest = Callable[[str, int], Sequence[int]]
# The typing of every target of one seed, by the name of what was typed into.
Typings = dict[str, list[Typing]]


def main() -> None:
    """Measure targets drawn as readers draw them, and every book alike."""
    heading(f"Keystrokes saved: {TARGETS} titles typed, found among the first {SHOWN}; median of {len(SEEDS)} seeds")
    if not GOODBOOKS.is_dir():
        print(f"  not measured, {GOODBOOKS} is not there")
        return
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        os.environ |= {"EPICML_VAR": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        django.setup()
        rules = {OURS: _suggestions(_engine(Path(folder))), STARTS: _title_starts(), HOLDS: _title_holds()}
        for drawn, least in LEAST_SAVED.items():
            print(f"  {drawn}")
            at_ten = [_typed(rules, drawn, seed, SHOWN) for seed in SEEDS]
            at_five = [_typed(rules, drawn, seed, FEW) for seed in SEEDS]
            _show_saved(at_ten, shown=SHOWN, least=least)
            _show_saved(at_five, shown=FEW)
            _show_ranks(at_ten)


def _engine(folder: Path) -> "EmbeddedEngine":
    """An index of all books, written and opened as a release of the product is."""
    from apps.search.engines.embedded.folders import open_engine, write_lexicon
    from apps.search.engines.embedded.publication import INDEX
    from apps.search.engines.embedded.writer import IndexWriter
    from apps.search.engines.protocol import IndexedBook

    writer = IndexWriter(folder / INDEX)
    writer.replace(
        IndexedBook(id=book.id, text=book.text, age_band=AgeBand.ADULT, popularity=book.popularity)
        for book in all_books()
    )
    writer.commit(0)
    writer.close()
    write_lexicon(folder, Lexicon.of((book.text, book.popularity) for book in all_books()))
    return open_engine(folder)


def _suggestions(engine: "EmbeddedEngine") -> Suggest:
    rank = partial(rank_suggestions, engine=engine, lexicon=engine.lexicon, audience=AgeBand.ADULT, with_names=False)
    return lambda text, limit: rank(Typed.read(text), limit=limit).books


def _title_starts() -> Suggest:
    books = all_books()
    titles = TitleStarts([book.title for book in books], popularity=[book.popularity for book in books])
    return lambda text, limit: [books[place].id for place in titles.starting(typed_form(text), limit=limit).tolist()]


def _title_holds() -> Suggest:
    """What `filter(title__icontains=text).order_by("title")` finds."""
    ordered = sorted((book.title, book.title.lower(), book.id) for book in all_books())

    @cache
    def holding(text: str) -> list[tuple[str, str, int]]:
        # What holds a text holds its beginnings too; searching all books for each would take minutes.
        return [found for found in (holding(text[:-1]) if text else ordered) if text in found[1]]

    return lambda text, limit: [book for _, _, book in holding(text.lower())[:limit]]


def _typed(rules: dict[str, Suggest], drawn: str, seed: int, shown: int) -> Typings:
    targets = _targets(drawn, seed)
    return {name: _type_all(targets, suggest, shown) for name, suggest in rules.items()}


def _targets(drawn: str, seed: int) -> list[BenchmarkBook]:
    books, dice = all_books(), random.Random(seed)
    if drawn == "drawn by popularity":
        return dice.choices(books, [book.popularity for book in books], k=TARGETS)
    return dice.sample(books, k=TARGETS)


def _type_all(targets: Sequence[BenchmarkBook], suggest: Suggest, shown: int) -> list[Typing]:
    def complete(text: str) -> Sequence[Hashable]:
        return suggest(text, shown)

    # The same title is drawn more than once where it is popular.
    known = {book.id: type_out(book.title, book.id, complete, k=shown) for book in targets}
    return [known[book.id] for book in targets]


def _show_saved(runs: Sequence[Typings], *, shown: int, least: float | None = None) -> None:
    for name in runs[0]:
        saved = [fmean(typing.saved for typing in typings[name]) for typings in runs]
        lost = [fmean(typing.found_at is None for typing in typings[name]) for typings in runs]
        bounded = name == OURS and least is not None
        row(
            f"  top {shown}: {name}",
            f"{median(saved):.3f} saved",
            compared_with=f"{min(saved):.3f} to {max(saved):.3f}; never found {median(lost):.1%}",
            target=f">= {least:.2f}" if bounded else "",
            met=median(saved) >= (least or 0) if bounded else None,
        )
    _show_difference(f"top {shown}", runs, lambda typing: typing.saved)


def _show_ranks(runs: Sequence[Typings]) -> None:
    for name in runs[0]:
        mean = median(fmean(typing.mean_reciprocal_rank for typing in typings[name]) for typings in runs)
        after = [median(_rank_after(letters, typings[name]) for typings in runs) for letters in LETTERS]
        listed = ", ".join(f"{letters}: {rank:.3f}" for letters, rank in zip(LETTERS, after, strict=True))
        row(f"  MRR@{SHOWN}: {name}", f"{mean:.3f}", compared_with=f"mean of 1 to 12 letters; after {listed}")
    _show_difference(f"MRR@{SHOWN}", runs, lambda typing: typing.mean_reciprocal_rank)


def _rank_after(letters: int, typings: Sequence[Typing]) -> float:
    """Over the titles that have so many letters."""
    return fmean(typing.reciprocal_ranks[letters - 1] for typing in typings if typing.length >= letters)


def _show_difference(what: str, runs: Sequence[Typings], value: Callable[[Typing], float]) -> None:
    """The difference of the middle seed with its interval, and how many seeds leave no doubt of its sign."""
    found = [_difference(typings, seed, value) for typings, seed in zip(runs, SEEDS, strict=True)]
    middle = sorted(found, key=lambda difference: difference.estimate)[len(found) // 2]
    sure = sum(difference.excludes_zero for difference in found)
    row(
        f"  {what}: suggestions - title starts with",
        f"{middle.estimate:+.3f}",
        compared_with=f"paired 95 % [{middle.low:+.3f}, {middle.high:+.3f}]; {sure} of {len(found)} seeds exclude 0",
    )


def _difference(typings: Typings, seed: int, value: Callable[[Typing], float]) -> Interval:
    ours, bare = ([value(typing) for typing in typings[name]] for name in (OURS, STARTS))
    return paired_interval(ours, bare, seed=seed)


if __name__ == "__main__":
    main()
