"""What changed in the books between two builds: age bands above all, and columns that were lost.

Each check compares with what a careful hand changes between two builds, plus what chance adds where books are few.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from epicml.audience.bands import AgeBand
from epicml.datasets.arrays import Int8s, Int64s
from epicml.datasets.audit import Finding, Severity

BAND_SHARES, BANDS_MOVED = "band_shares", "bands_moved"
COLUMNS_LOST, COLUMNS_CHANGED = "columns_lost", "columns_changed"
# A band that gains or loses a tenth of the catalogue is an import of one band, or a column that was read wrongly.
LARGEST_SHIFT = 0.10
# Of the same books: corrections come one by one. Towards younger readers less is allowed, for that is the danger.
LARGEST_MOVED = 0.05
LARGEST_MOVED_DOWN = 0.02
LARGEST_LOST = 0.10
LARGEST_CHANGED = 0.10
# Popularity grows, but not past each other: of goodbooks two halves of the readers agree by more than .9.
LEAST_AGREEMENT = 0.5
# Two standard errors: chance alone crosses them once in twenty times.
ERRORS = 2.0
FEWEST = 1  # one book is never a pattern
_EXAMPLES = 3

Label = Callable[[int], str]


def check_band_shares(before: Int8s, after: Int8s) -> Finding | None:
    """Stop where some age band has another share of all books than it had.

    Args:
        before: int8, ranks of the books of the earlier build.
        after: int8, ranks of the books of this one.

    Returns:
        A finding that stops, with every band's number before and after; None if no share shifted by more than a tenth
        and twice its standard error.

    >>> bands = np.repeat(np.arange(6, dtype=np.int8), 100)
    >>> check_band_shares(bands, bands[:550]) is None, check_band_shares(bands, np.zeros(600, np.int8)).name
    (True, 'band_shares')
    """
    if not len(before) or not len(after):
        return None
    old, new = (np.bincount(bands, minlength=len(AgeBand)) for bands in (before, after))
    shift = np.abs(new / len(after) - old / len(before))
    pooled = (old + new) / (len(before) + len(after))
    error = np.sqrt(pooled * (1 - pooled) * (1 / len(before) + 1 / len(after)))  # of the difference of two shares
    if (shift <= LARGEST_SHIFT + ERRORS * error).all():
        return None
    numbers = "; ".join(
        f"{band.label} {_of(int(old[band]), len(before))}, now {_of(int(new[band]), len(after))}" for band in AgeBand
    )
    text = f"The shares of the age bands are not those of the live release: {numbers}."
    moved = float(shift.sum() / 2)
    return Finding(Severity.STOP, "age_band", text, moved, round(moved * len(after)), name=BAND_SHARES)


def check_bands_moved(before: Int8s, after: Int8s, *, label: Label) -> Finding | None:
    """Stop where many of the same books have another age band: shares alone do not see bands that swapped.

    Args:
        before: int8, ranks of the books that both builds know, in the earlier one.
        after: int8, ranks of the same books in this one.
        label: how the book at a place is called, for the examples.

    Returns:
        A finding that stops where more than 5 % of the books moved, or more than 2 % towards younger readers, each and
        twice its standard error; None otherwise.

    >>> found = check_bands_moved(np.full(50, 5, np.int8), np.zeros(50, np.int8), label=str)
    >>> found.examples[0], found.rows
    ('0: adult, now 0 to 5', 50)
    """
    moved, down = after != before, after < before
    n, n_moved, n_down = len(before), int(moved.sum()), int(down.sum())
    if n_moved <= _allowed(n, LARGEST_MOVED) and n_down <= _allowed(n, LARGEST_MOVED_DOWN):
        return None
    text = (
        f"Of the {n:,} books that the live release knows, {_of(n_moved, n)} have another age band; "
        f"{_of(n_down, n)} moved to younger readers."
    )
    # The most dangerous first: those that moved down furthest.
    places = np.flatnonzero(moved)
    places = places[np.argsort((after[places].astype(int) - before[places]), kind="stable")][:_EXAMPLES]
    examples = tuple(
        f"{label(place)}: {AgeBand(int(before[place])).label}, now {AgeBand(int(after[place])).label}"
        for place in places.tolist()
    )
    return Finding(Severity.STOP, "age_band", text, n_moved / n, n_moved, examples, name=BANDS_MOVED)


def check_column_lost(column: str, before: Int64s, after: Int64s, *, label: Label) -> Finding | None:
    """Stop where many of the same books have no value any more where they had one.

    Args:
        column: what the value is, as "series".
        before: int64, a fingerprint of the value of each book that both builds know, 0 where it had none.
        after: int64, the same now.
        label: how the book at a place is called, for the examples.

    Returns:
        A finding that stops where more than a tenth of the values is gone, and twice its standard error.

    >>> check_column_lost("series", np.ones(50, np.int64), np.zeros(50, np.int64), label=str).text
    'Of 50 books that had a value in “series”, 50 (100.0 %) have none now.'
    """
    lost, had = (before != 0) & (after == 0), int((before != 0).sum())
    n_lost = int(lost.sum())
    if n_lost <= _allowed(had, LARGEST_LOST):
        return None
    text = f"Of {had:,} books that had a value in “{column}”, {_of(n_lost, had)} have none now."
    examples = tuple(label(place) for place in np.flatnonzero(lost)[:_EXAMPLES].tolist())
    return Finding(Severity.STOP, column, text, n_lost / had, n_lost, examples, name=COLUMNS_LOST)


def check_column_changed(column: str, before: Int64s, after: Int64s, *, label: Label) -> Finding | None:
    """Stop where many of the same books have another value: rows that slipped give each the next one's.

    Args:
        column: what the value is, as "title"; one by which a book is known, so that it changes one by one.
        before: int64, a fingerprint of the value of each book that both builds know, 0 where it had none.
        after: int64, the same now.
        label: how the book at a place is called, for the examples.

    Returns:
        A finding that stops where more than a tenth of the values changed, and twice its standard error.

    >>> check_column_changed("title", np.arange(1, 51), np.arange(2, 52), label=str).text
    'Of 50 books that had a value in “title” and still have one, 50 (100.0 %) have another one now.'
    """
    both = (before != 0) & (after != 0)
    changed = both & (before != after)
    n, n_changed = int(both.sum()), int(changed.sum())
    if n_changed <= _allowed(n, LARGEST_CHANGED):
        return None
    text = (
        f"Of {n:,} books that had a value in “{column}” and still have one, {_of(n_changed, n)} have another one now."
    )
    examples = tuple(label(place) for place in np.flatnonzero(changed)[:_EXAMPLES].tolist())
    return Finding(Severity.STOP, column, text, n_changed / n, n_changed, examples, name=COLUMNS_CHANGED)


def check_order_changed(column: str, before: Int64s, after: Int64s, *, label: Label) -> Finding | None:
    """Stop where the same books stand in another order, by a number that may grow for each of them.

    Args:
        column: what the number is, as "popularity".
        before: int64, the number of each book that both builds know, 0 where it had none.
        after: int64, the same now.
        label: how the book at a place is called, for the examples.

    Returns:
        A finding that stops where the rank correlation, and twice its standard error, lie below one half; None also
        where there is no order to compare.

    Source: Spearman's rank correlation; its error under independence is 1 / sqrt(n - 1).

    >>> check_order_changed("popularity", np.arange(1, 101), np.arange(100, 0, -1), label=str).text
    'The order of 100 books by “popularity” is another one than in the live release: their ranks agree by -1.00.'
    """
    both = (before != 0) & (after != 0)
    old, new = rankdata(before[both]), rankdata(after[both])
    if len(np.unique(old)) <= 1 or len(np.unique(new)) <= 1:
        return None
    agreement = float(np.corrcoef(old, new)[0, 1])
    if agreement + ERRORS / math.sqrt(len(old) - 1) >= LEAST_AGREEMENT:
        return None
    text = (
        f"The order of {len(old):,} books by “{column}” is another one than in the live release: their ranks agree by "
        f"{agreement:.2f}."
    )
    furthest = np.flatnonzero(both)[np.argsort(-np.abs(new - old), kind="stable")][:_EXAMPLES]
    examples = tuple(label(place) for place in furthest.tolist())
    return Finding(Severity.STOP, column, text, 1.0, len(old), examples, name=COLUMNS_CHANGED)


def _allowed(n: int, share: float) -> float:
    return max(FEWEST, share * n + ERRORS * math.sqrt(share * (1 - share) * n))


def _of(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.1f} %)"
