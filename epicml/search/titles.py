"""Titles that start with what was typed, by popularity: the title-prefix baseline of the reports."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from epicml.text.normalise import main_title, normal_form

LAST_CHARACTER = chr(0x10FFFF)


class TitleStarts:
    """Titles in alphabetical order of their normal form.

    >>> titles = TitleStarts(["The Hobbit", "Holes", "Hop on Pop"], popularity=[9, 5, 7])
    >>> titles.starting("ho", limit=2).tolist()
    [2, 1]
    """

    def __init__(self, titles: Sequence[str], *, popularity: ArrayLike) -> None:
        """Hold these titles; a row of an answer is a place in this sequence."""
        forms = [normal_form(main_title(title)) + "_" for title in titles]
        order = sorted(range(len(forms)), key=forms.__getitem__)
        self.forms = [forms[row] for row in order]
        self.rows: NDArray[np.int64] = np.array(order, dtype=np.int64)
        self._popularity = np.asarray(popularity, dtype=np.float64)

    def starting(self, form: str, *, limit: int, allowed: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Find the rows of the titles that start like this, the most popular first.

        Args:
            form: what was typed, in typed form.
            limit: rows at most.
            allowed: bool[n], which rows may be shown; None allows all.
        """
        rows = self.rows[bisect_left(self.forms, form) : bisect_left(self.forms, form + LAST_CHARACTER)]
        return self.most_popular(rows, limit=limit, allowed=allowed)

    def whole(self, form: str) -> NDArray[np.int64]:
        """Find the rows of the titles that are just this.

        >>> TitleStarts(["It", "Italy"], popularity=[1, 2]).whole("it_").tolist()
        [0]
        """
        return self.rows[bisect_left(self.forms, form) : bisect_right(self.forms, form)]

    def most_popular(
        self, rows: NDArray[np.int64], *, limit: int, allowed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Sort these rows, the most popular first, in the order of the sequence among equals."""
        kept = rows if allowed is None else rows[allowed[rows]]
        return kept[np.lexsort((kept, -self._popularity[kept]))][:limit]
