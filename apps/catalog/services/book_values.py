"""What is said of a book, and what the book is then. What nobody says stays as it was."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

from apps.catalog.models import AgeBandSource
from apps.platform.services.tabular.cells import UNSET, MaybeUnset
from epicml.audience.bands import AgeBand
from epicml.audience.tags import TagAudience, audience_of


@dataclass(frozen=True, slots=True, kw_only=True)
class BookInput:
    """What a file, a client or staff say of a book. What they leave out changes nothing.

    An age band of None is to be guessed from the genres. `by_staff` says that a person decided the age band and the
    reading level that are said here: no import undoes that.
    """

    key: str
    title: MaybeUnset[str] = UNSET
    authors: MaybeUnset[tuple[str, ...]] = UNSET
    series: MaybeUnset[str | None] = UNSET
    series_number: MaybeUnset[float | None] = UNSET
    age_band: MaybeUnset[AgeBand | None] = UNSET
    reading_level: MaybeUnset[int | None] = UNSET
    language: MaybeUnset[str] = UNSET
    published_year: MaybeUnset[int | None] = UNSET
    genres: MaybeUnset[tuple[str, ...]] = UNSET
    ratings_count: MaybeUnset[int] = UNSET
    average_rating: MaybeUnset[float | None] = UNSET
    isbns: MaybeUnset[tuple[str, ...]] = UNSET
    by_staff: bool = False

    def replacing(self) -> "BookInput":
        """Return the same as a whole book: what is left out is not known."""
        left_out = {name: value for name, value in NOT_KNOWN.items() if getattr(self, name) is UNSET}
        return replace(self, **left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookValues:
    """A whole book as the tables hold it."""

    title: str
    authors: tuple[str, ...]
    series: str | None
    series_number: float | None
    age_band: AgeBand
    age_band_source: str
    reading_level: int | None
    language: str
    published_year: int | None
    genres: tuple[str, ...]
    ratings_count: int
    average_rating: float | None
    isbns: tuple[str, ...]

    @property
    def guessed_from(self) -> tuple[str, ...]:
        """List the genres that a guessed age band rests on; none where nothing said for whom the book is."""
        guessed = self.age_band_source == AgeBandSource.GUESSED
        return audience_of(self.genres).headings if guessed else ()


NOT_KNOWN: Final[dict[str, Any]] = {
    "authors": (),
    "series": None,
    "series_number": None,
    "age_band": None,
    "reading_level": None,
    "language": "und",
    "published_year": None,
    "genres": (),
    "ratings_count": 0,
    "average_rating": None,
    "isbns": (),
}
_PLAIN = tuple(
    field.name
    for field in fields(BookValues)
    if field.name not in {"age_band", "age_band_source", "reading_level", "isbns"}
)


@dataclass(frozen=True, slots=True)
class Remark:
    """What was not done as it was said, or what was made of it; the book is saved all the same."""

    field: str
    reason: str


class NoTitleError(ValueError):
    """A book that is not in the catalogue yet, and nobody says its title."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no book {key!r} yet, and a new one needs a title.")
        self.key = key


def merge_book(given: BookInput, known: BookValues | None) -> tuple[BookValues, tuple[Remark, ...]]:
    """Return the book after what was given of it; NoTitleError where it is new and has no title."""
    if known is None and given.title is UNSET:
        raise NoTitleError(given.key)
    plain = {name: _after(given, known, name) for name in _PLAIN}
    band, source, level = _audience(given, known, genres=plain["genres"])
    isbns = tuple(dict.fromkeys(_after(given, known, "isbns")))
    values = BookValues(age_band=band, age_band_source=source, reading_level=level, isbns=isbns, **plain)
    return values, _remarks(given, values)


def _after(given: BookInput, known: BookValues | None, name: str) -> Any:
    value = getattr(given, name)
    if value is not UNSET:
        return value
    return getattr(known, name) if known is not None else NOT_KNOWN[name]


def _audience(
    given: BookInput, known: BookValues | None, *, genres: tuple[str, ...]
) -> tuple[AgeBand, str, int | None]:
    """Decide for whom the book is, who says so, and its reading level."""
    if known is not None and known.age_band_source == AgeBandSource.STAFF and not given.by_staff:
        return known.age_band, known.age_band_source, known.reading_level
    if isinstance(given.age_band, AgeBand):
        source = AgeBandSource.STAFF if given.by_staff else AgeBandSource.GIVEN
        return given.age_band, source, _after(given, known, "reading_level")
    keeps = known is not None and known.age_band_source != AgeBandSource.GUESSED and given.age_band is UNSET
    if known is not None and (keeps or (given.age_band is UNSET and given.genres is UNSET)):
        return known.age_band, known.age_band_source, _after(given, known, "reading_level")
    guess = audience_of(genres)
    return guess.age_band, AgeBandSource.GUESSED, _guessed_level(given, known, guess)


def _guessed_level(given: BookInput, known: BookValues | None, guess: TagAudience) -> int | None:
    """Return the level that is given; else what was known by itself; else what goes with the guess."""
    if given.reading_level is not UNSET and given.reading_level is not None:
        return given.reading_level
    if given.reading_level is UNSET and known is not None and known.reading_level is not None:
        was_guessed = known.reading_level == audience_of(known.genres).reading_level
        return guess.reading_level if was_guessed else known.reading_level
    return guess.reading_level


def _remarks(given: BookInput, values: BookValues) -> tuple[Remark, ...]:
    if given.by_staff or not isinstance(given.age_band, AgeBand) or given.age_band is values.age_band:
        return ()
    return (
        Remark(
            "age_band", f"Staff set the age band {values.age_band.code}; it stays, {given.age_band.code} is not taken."
        ),
    )
