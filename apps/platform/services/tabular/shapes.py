"""The kinds of files that programs export, each told by its columns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from apps.platform.services.errors import EpicmlError
from apps.platform.services.tabular.dialects import column_key

S = TypeVar("S", bound="FileShape")


class UnknownFormatError(EpicmlError):
    """A format that nobody has written down."""

    code = "invalid"


@dataclass(frozen=True, slots=True)
class FileShape:
    """One kind of file. `tells` are sets of columns, of which one alone gives the kind away.

    `columns` are the names of its columns by field. Where `alone`, a file of that kind has no other columns: those that
    tell are what many files have.
    """

    name: str
    label: str
    tells: tuple[frozenset[str], ...] = ()
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    alone: bool = False

    def is_recognised_by(self, keys: Collection[str]) -> bool:
        """Tell whether columns with these keys give the kind away."""
        return any(told == keys if self.alone else told.issubset(keys) for told in self.tells)


PLAIN = "plain"


def column_keys(*columns: str) -> frozenset[str]:
    """Make a set of columns that tells a kind of file.

    >>> sorted(column_keys("Book Id", "My Rating"))
    ['bookid', 'myrating']
    """
    return frozenset(map(column_key, columns))


def shape_of(columns: Collection[str], *, shapes: Mapping[str, S], name: str | None) -> S:
    """Choose the shape that is named; else the first that the columns give away; else columns by their names."""
    if name is not None and name not in shapes:
        raise UnknownFormatError(f"There is no format {name!r}; formats are {', '.join(shapes)}.")
    if name is not None:
        return shapes[name]
    keys = column_keys(*columns)
    return next((shape for shape in shapes.values() if shape.is_recognised_by(keys)), shapes[PLAIN])
