"""The interval pill: an uncertain number drawn on the server, every x in percent, so that it stretches undistorted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, isfinite, log10
from statistics import median
from typing import Literal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.platform.services.formats import percent_change, percent_range

HEIGHT = 34
MIDDLE = HEIGHT // 2
# Rows that reach this much further than the median row are cut with a chevron: one wide row must not flatten all.
WIDEST_OF_MEDIAN = 3.0
# The last number of a scale ends at its tick and carries the unit; a long one leaves no room for its neighbour.
LETTERS_OF_SCALE = 36  # of numbers that stand side by side all along it

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A relative change and the two ends of its interval, as shares (0.032 is +3.2 %)."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0

    def state(self, wanted: Direction) -> str:
        """Return better or worse only when the whole interval says so; else flat."""
        if not self.excludes_zero:
            return "flat"
        return "better" if (self.low > 0) == (wanted == "up") else "worse"


@dataclass(frozen=True, slots=True)
class Axis:
    """The one scale of a table's pills."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def x(self, value: float) -> float:
        """Return the place of a value in percent of the width, not cut."""
        return 100 * (value - self.low) / (self.high - self.low)

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def axis_for(estimates: Iterable[Estimate], *, include: Sequence[float] = (), most: int = 6) -> Axis:
    """Fit a scale to the middle rows, with zero and round ends; it reaches beyond each of the values to include.

    `most` bounds the number of its steps: what is read in a narrow column has few.
    """
    rows = [row for row in estimates if isfinite(row.low) and isfinite(row.high)]
    reach = [max(abs(row.low), abs(row.high)) for row in rows]
    moved = [far for far in reach if far > 0]
    limit = WIDEST_OF_MEDIAN * median(moved) if moved else inf
    kept = [row for row, far in zip(rows, reach, strict=True) if far <= limit]
    values = [0.0, *include, *(end for row in kept for end in (row.low, row.high))]
    if max(values) - min(values) < 1e-9:
        values += [-0.01, 0.01]
    width = max(values) - min(values)
    power = 10.0 ** floor(log10(width / most))
    step = next(power * nice for nice in (1, 2, 5, 10) if width / (power * nice) <= most)
    first, last = floor(min(values) / step + 1e-9), ceil(max(values) / step - 1e-9)
    first = min(first, *(ceil(value / step - 1e-9) - 1 for value in include), 0)
    last = max(last, *(floor(value / step + 1e-9) + 1 for value in include), 0)
    ticks = tuple(round(index * step, 10) for index in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks)


def _at(value: float) -> str:
    return f"{value:.2f}%"


def ticks_svg(axis: Axis) -> SafeString:
    """Draw the scale's numbers in percent, for the table's header; the last one carries the unit."""
    digits = 0 if round((axis.ticks[1] - axis.ticks[0]) * 100, 6) >= 1 else 1
    *texts, last = (percent_change(tick, digits) for tick in axis.ticks)
    texts = [text.removesuffix("%").rstrip("\u202f") for text in texts]
    if (len(texts[-1]) + len(last)) * len(texts) > LETTERS_OF_SCALE:
        texts[-1] = ""
    anchors = ["start", *("middle" for _ in texts[1:]), "end"]
    places = (_at(axis.x(tick)) for tick in axis.ticks)
    labels = zip(places, anchors, (*texts, last), strict=True)
    return format_html(
        '<svg class="e-interval" width="100%" height="16" aria-hidden="true">{}</svg>',
        format_html_join("", '<text x="{}" y="12" text-anchor="{}">{}</text>', labels),
    )


def label(estimate: Estimate, *, wanted: Direction) -> str:
    """Say in words what the picture shows: +4.1 %, 95 % interval 2.3 to 5.9 %: better."""
    verdict = {"flat": "not proven"}.get(estimate.state(wanted), estimate.state(wanted))
    ends = percent_range(estimate.low, estimate.high)
    return f"{percent_change(estimate.value)}, 95\u202f% interval {ends}: {verdict}"


def pill(
    estimate: Estimate, axis: Axis, *, wanted: Direction = "up", margin: float | None = None, crossed: bool = False
) -> SafeString:
    """Draw the row's picture. The margin is a limit: dashed, hatched beyond; a crossed one in a warning's colour."""
    parts = [
        _margin(margin, axis, wanted) if margin is not None else "",
        format_html('<line class="e-i-zero" x1="{0}" x2="{0}" y1="0" y2="{1}"/>', _at(axis.x(0)), HEIGHT),
        _bar(estimate, axis, wanted=wanted, crossed=crossed),
    ]
    return format_html(
        '<svg class="e-interval" width="100%" height="{}" role="img" aria-label="{}">{}</svg>',
        HEIGHT,
        label(estimate, wanted=wanted),
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def _bar(estimate: Estimate, axis: Axis, *, wanted: Direction, crossed: bool) -> SafeString:
    if estimate.low > axis.high or estimate.high < axis.low:
        return _chevron(right=estimate.low > axis.high)
    low, high = max(estimate.low, axis.low), min(estimate.high, axis.high)
    parts = [
        format_html(
            '<rect class="e-i-bar e-i-{}{}" x="{}" y="{}" width="{}" height="10" rx="5"/>',
            estimate.state(wanted),
            " e-i-watch" if crossed else "",
            _at(axis.x(low)),
            MIDDLE - 5,
            _at(max(axis.x(high) - axis.x(low), 0.8)),
        )
    ]
    if axis.holds(estimate.value):
        place = _at(axis.x(estimate.value))
        shape = '<svg x="{}" overflow="visible"><rect class="e-i-tick" x="-1.25" y="{}" width="2.5" height="14"/></svg>'
        parts.append(format_html(shape, place, MIDDLE - 7))
    if estimate.low < axis.low:
        parts.append(_chevron(right=False))
    if estimate.high > axis.high:
        parts.append(_chevron(right=True))
    return format_html_join("", "{}", ((part,) for part in parts))


def _chevron(*, right: bool) -> SafeString:
    """Mark an interval as cut at this end: there is more beyond the axis."""
    place, points = ("100%", "-7,-4 -3,0 -7,4") if right else ("0%", "7,-4 3,0 7,4")
    shape = '<svg x="{}" y="{}" overflow="visible"><polyline class="e-i-cut" points="{}"/></svg>'
    return format_html(shape, place, MIDDLE, points)


def _margin(margin: float, axis: Axis, wanted: Direction) -> SafeString:
    """Draw a dashed line at the limit and a hatch on its refused side; nothing where the limit lies off the axis."""
    if not axis.low < margin < axis.high:
        return SafeString("")
    start, end = (axis.low, margin) if wanted == "up" else (margin, axis.high)
    # Over any width there may be: what is outside is clipped by the inner picture.
    slanted = ((x - HEIGHT, x) for x in range(4, 640, 8))
    return format_html(
        '<svg x="{}" width="{}" height="{}">{}</svg><line class="e-i-margin" x1="{}" x2="{}" y1="0" y2="{}"/>',
        _at(axis.x(start)),
        _at(axis.x(end) - axis.x(start)),
        HEIGHT,
        format_html_join("", '<line class="e-i-hatch" x1="{}" x2="{}" y1="34" y2="0"/>', slanted),
        _at(axis.x(margin)),
        _at(axis.x(margin)),
        HEIGHT,
    )
