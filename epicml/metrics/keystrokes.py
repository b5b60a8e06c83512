"""How much typing a suggestion list saves, by typing titles letter by letter and looking for them."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from statistics import fmean

# What is shown, best first, after each beginning of the text.
Complete = Callable[[str], Sequence[Hashable]]


@dataclass(frozen=True, slots=True)
class Typing:
    """One text typed from its first letter on.

    Attributes:
        length: letters of the whole text, >= 1.
        found_at: letters typed when the target was first among the k shown; None if it never was.
        reciprocal_ranks: 1 / place after 1, 2, … letters, 0 where it was not among the k shown.
    """

    length: int
    found_at: int | None
    reciprocal_ranks: tuple[float, ...]

    @property
    def saved(self) -> float:
        """Return the share of the keystrokes that were not needed, in [0, 1); 0 when the target was never shown."""
        return 0.0 if self.found_at is None else 1 - self.found_at / self.length

    @property
    def mean_reciprocal_rank(self) -> float:
        """Mean over the typed lengths, in [0, 1]."""
        return fmean(self.reciprocal_ranks)


def type_out(text: str, target: Hashable, complete: Complete, *, k: int = 10, letters: int = 12) -> Typing:
    """Type a text until its target is shown, and for the ranks up to so many letters.

    Args:
        text: what the reader types, not empty.
        target: what they look for.
        complete: the suggestions after each beginning.
        k: places that count as shown.
        letters: how far reciprocal ranks are taken.

    Source: Zhang et al. 2015, "Which words matter"; keystrokes saved as in Duan & Hsu 2011.

    >>> typing = type_out("owls", 7, lambda typed: [3, 7] if typed.startswith("ow") else [3])
    >>> typing.found_at, typing.saved, typing.reciprocal_ranks
    (2, 0.5, (0.0, 0.5, 0.5, 0.5))
    """
    found_at, ranks = None, []
    for length in range(1, len(text) + 1):
        if found_at is not None and length > letters:
            break
        shown = complete(text[:length])[:k]
        place = next((place for place, book in enumerate(shown, start=1) if book == target), None)
        if place is not None and found_at is None:
            found_at = length
        if length <= letters:
            ranks.append(0.0 if place is None else 1 / place)
    return Typing(length=len(text), found_at=found_at, reciprocal_ranks=tuple(ranks))
