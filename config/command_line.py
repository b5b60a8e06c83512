"""manage.py: what a person can put right is said in one sentence, and the exit code is 1."""

import re
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError

NO_SUCH_TABLE = "42P01"  # PostgreSQL's code
SURROGATE = re.compile(r"[\ud800-\udfff]")  # how Python holds a byte of an argument that is not UTF-8


def run(arguments: Sequence[str]) -> None:
    """Run the command that the arguments name; --traceback shows what lies below a sentence."""
    try:
        execute_from_command_line(list(arguments))
    except Exception as error:
        sentence = _sentence(error, arguments)
        if sentence is None or "--traceback" in arguments:
            raise
        sys.exit(sentence)


def _sentence(error: Exception, arguments: Sequence[str]) -> str | None:
    """Return what a person is told; None for a fault of ours, whose trace is wanted."""
    if isinstance(error, ImproperlyConfigured):
        return str(error)
    no_text = next((argument for argument in arguments if SURROGATE.search(argument)), None)
    if isinstance(error, UnicodeEncodeError) and no_text is not None:
        return f"{no_text!r} is not written in UTF-8: write it anew, or set the terminal's encoding to UTF-8."
    # Here: it needs settings, and they may be what is wrong.
    from apps.platform.services.outages import outage_of, reason_of

    outage = outage_of(error)
    if outage is not None:
        return f"{outage.message} {reason_of(error).rstrip('.')}. {outage.remedy}"
    state = getattr(error.__cause__, "sqlstate", None)
    lacks_a_table = state == NO_SUCH_TABLE or str(error).startswith("no such table")
    if isinstance(error, OperationalError | ProgrammingError) and lacks_a_table:
        return "The database lacks tables: run manage.py migrate, and look at DATABASE_URL and EPICML_VAR."
    return None
