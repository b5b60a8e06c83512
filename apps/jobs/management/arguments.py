"""Numbers and names on the command line, refused where they make no sense."""

from argparse import ArgumentTypeError

from apps.jobs.selectors.runners import LANES

MOST_PROCESSES = 64
LONGEST_GRACE_SECONDS = 3600.0


def process_count(text: str) -> int:
    """How many processes: a whole number from 1.

    >>> process_count("2")
    2
    """
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= MOST_PROCESSES:
        raise ArgumentTypeError(f"must be a whole number from 1 to {MOST_PROCESSES}, not {text!r}")
    return int(text)


def grace_seconds(text: str) -> float:
    """How long to wait: seconds from 0.

    >>> grace_seconds("0.5")
    0.5
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_GRACE_SECONDS:  # nan is neither
        raise ArgumentTypeError(f"must be seconds from 0 to {LONGEST_GRACE_SECONDS:g}, not {text!r}")
    return seconds


def lanes(text: str) -> list[str]:
    """Which lanes, each once, with commas.

    >>> lanes("long, quick")
    ['long', 'quick']
    """
    named = [part.strip() for part in text.split(",")]
    wrong = [name for name in named if name not in LANES]
    if wrong:
        raise ArgumentTypeError(f"must be of {', '.join(LANES)}, not {', '.join(map(repr, wrong))}")
    return list(dict.fromkeys(named))
