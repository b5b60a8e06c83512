"""Figures as the pages write them: ../design formats, one place."""

from epicml.evaluation.report import Measure, Unit
from epicml.stats.bootstrap import Interval

_THIN_SPACE = "\u202f"
_MINUS = "\u2212"


def percent(share: float, *, signed: bool = False, digits: int = 1) -> str:
    """A share in percent, with a thin space and a true minus.

    >>> percent(0.0413), percent(-0.16, signed=True)
    ('4.1\\u202f%', '\\u221216.0\\u202f%')
    """
    text = f"{share * 100:+.{digits}f}" if signed else f"{share * 100:.{digits}f}"
    return f"{text}{_THIN_SPACE}%".replace("-", _MINUS)


def score(value: float) -> str:
    """A score between 0 and 1 without its leading 0.

    >>> score(0.09434), score(1.0)
    ('.0943', '1.0000')
    """
    return f"{value:.4f}".removeprefix("0").replace("-0", "-").replace("-", _MINUS)


def interval(found: Interval) -> str:
    """The two ends of a relative change.

    >>> interval(Interval(0.04, 0.023, 0.059))
    '2.3 to 5.9\\u202f%'
    """
    low = f"{found.low * 100:.1f}".replace("-", _MINUS)
    return f"{low} to {percent(found.high)}"


def value(measure: Measure, number: float) -> str:
    """A value of a measure in its unit.

    >>> value(Measure("bytes", "Size", 0, unit=Unit.BYTES), 23_488_102)
    '22.4\\u202fMiB'
    """
    if measure.unit is Unit.SCORE:
        return score(number)
    if measure.unit is Unit.SHARE:
        return percent(number)
    if measure.unit is Unit.BYTES:
        return f"{number / 2**20:.1f}{_THIN_SPACE}MiB"
    if measure.unit is Unit.MILLISECONDS:
        return f"{number:.1f}{_THIN_SPACE}ms"
    return f"{number:,.0f}" if measure.unit is Unit.COUNT else f"{number:,.0f} of {measure.n:,}"
