"""Who decides something on the command line: the name is kept beside what was decided."""

import getpass
from argparse import ArgumentParser, ArgumentTypeError

LONGEST_NAME = 150  # characters, as the tables keep it


def add_decider(parser: ArgumentParser, *, does: str) -> None:
    """Let --by name who decides; it is the user of this shell where it is left out, and must be said where none is."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has a number and no name
        user = ""
    parser.add_argument("--by", type=decider, default=user, help=f"who {does} (the user of this shell)")


def decider(text: str) -> str:
    """Read the name of who decides.

    >>> decider(" Ada ")
    'Ada'
    """
    name = text.strip()
    if not name.isprintable() or not 1 <= len(name) <= LONGEST_NAME:
        raise ArgumentTypeError(f"must be a name of 1 to {LONGEST_NAME} characters, not {text[:40]!r}")
    return name
