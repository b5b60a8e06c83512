"""Numbers on the command line, refused where they make no sense."""

from argparse import ArgumentTypeError

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
