"""Files of ratings and shelves that programs export: their columns, and the scale of their ratings."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from apps.platform.services.errors import EpicmlError
from apps.platform.services.tabular.shapes import FileShape, column_keys, shape_of

COLUMN_NAMES = {
    "event_id": ("event_id",),
    "reader": ("reader", "user_id", "reader_id", "user", "borrowernumber", "patron_id", "member_id"),
    "book": ("book", "book_id", "biblionumber", "item_id", "isbn", "isbn13"),
    "kind": ("kind",),
    "value": ("value", "rating", "my_rating", "book_rating", "user_rating", "stars", "score"),
    "occurred_at": (
        "occurred_at", "timestamp", "date", "datetime", "rated_at", "date_rated", "created_at", "date_updated",
        "date_read", "date_added", "time",
    ),
}  # fmt: skip
_SCALE = re.compile(r"(\d{1,3}(?:\.\d)?)\s*(?:-|–|\.\.|to)\s*(\d{1,3}(?:\.\d)?)")
_NUMBER = re.compile(r"-?\d{1,6}(?:[.,]\d{1,6})?", re.ASCII)


class UnknownScaleError(EpicmlError):
    """A scale of ratings that is not written as two numbers."""

    code = "invalid"


class RatingError(ValueError):
    """What is given is no rating on the scale."""


@dataclass(frozen=True, slots=True)
class RatingScale:
    """The lowest and the highest rating of a file. Between them ratings are spread evenly over 1 to 5."""

    low: float = 1
    high: float = 5

    @classmethod
    def named(cls, text: str) -> "RatingScale":
        """Read a scale such as "1-10"."""
        found = _SCALE.fullmatch(text.strip())
        if found is None or float(found[1]) >= float(found[2]):
            raise UnknownScaleError(f"--rating-scale {text!r} does not have the form LOWEST-HIGHEST, such as 1-10.")
        return cls(float(found[1]), float(found[2]))

    @property
    def label(self) -> str:
        """Write the scale as a person writes it."""
        return f"{self.low:g}-{self.high:g}"

    def rating(self, text: str) -> float | None:
        """Return the rating from 1 to 5; None where the cell says that there is none: blank, or 0 on a scale above it.

        >>> RatingScale(1, 10).rating("10"), RatingScale(0, 100).rating("50"), RatingScale().rating("4,5")
        (5.0, 3.0, 4.5)
        """
        value = rating_number(text)
        if text == "" or (value == 0 and self.low > 0):
            return None
        if value is None or not self.low <= value <= self.high:
            raise RatingError(f"A rating is a number from {self.low:g} to {self.high:g}.")
        return value if (self.low, self.high) == (1, 5) else 1 + 4 * (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class InteractionShape(FileShape):
    """One kind of file of what readers did, and how it writes ratings."""

    scale: RatingScale = field(default_factory=RatingScale)
    shelf: tuple[str, ...] = ()  # the column that names the shelf a book stands on


PLAIN = InteractionShape("plain", "columns by their names")
GOODREADS = InteractionShape(
    "goodreads",
    "Goodreads library export",
    (column_keys("Book Id", "My Rating", "Exclusive Shelf"),),
    {"occurred_at": ("date_read", "date_added")},
    shelf=("exclusive_shelf",),
)
BOOK_CROSSING = InteractionShape(
    "bookcrossing",
    "Book-Crossing",
    (column_keys("User-ID", "ISBN", "Book-Rating"), column_keys("User-ID", "ISBN", "Rating")),
    {"book": ("isbn",)},
    scale=RatingScale(1, 10),
)
GOODBOOKS = InteractionShape("goodbooks", "goodbooks-10k", (column_keys("user_id", "book_id", "rating"),), alone=True)
SHAPES = {shape.name: shape for shape in (GOODREADS, BOOK_CROSSING, GOODBOOKS, PLAIN)}
KNOWN_COLUMNS = frozenset(
    name for names in (*COLUMN_NAMES.values(), GOODREADS.shelf, BOOK_CROSSING.columns["book"]) for name in names
)


def interaction_shape_of(columns: Collection[str], *, name: str | None) -> InteractionShape:
    """Choose the shape of a file of interactions with these columns, or the one that is named."""
    return shape_of(columns, shapes=SHAPES, name=name)


def rating_number(text: str) -> float | None:
    """Read the number of a cell; None where it is none.

    >>> rating_number("4,5"), rating_number("4.0"), rating_number("four")
    (4.5, 4.0, None)
    """
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None
