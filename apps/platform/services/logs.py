"""Which request a line of the log belongs to, and nothing in it of who asked or what was sent.

What the project itself says is written as it is said; of a library's line only what no client can have written: the
status and the pattern of the address that was asked, or the template of the line with its numbers. Of an exception
there is the type and where it was raised: its text quotes values.
"""

import logging
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest

request_id: ContextVar[str] = ContextVar("request_id", default="-")

# Whose lines are made for this log. Celery names jobs by their numbers only.
OWN = ("apps", "config", "demo", "epicml", "celery", "kombu")
LONGEST_CHAIN = 10


class RequestIdFilter(logging.Filter):
    """Every record says in `request_id` which request was being answered, "-" outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class LineFormatter(logging.Formatter):
    """One line for each record, and the places of a traceback below it, without anything that a client sent."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = on_one_line(_message(record))
        record.asctime = self.formatTime(record, self.datefmt)
        error = record.exc_info[1] if record.exc_info else None
        lines = [self.formatMessage(record), *(_traceback(error) if error else ())]
        return "\n".join(lines)


def on_one_line(text: str) -> str:
    """Write line ends, escape sequences and all else that does not print as Python writes them."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def described(error: BaseException) -> str:
    """Say what kind of error it is; what it says only where the system or the database says it of itself."""
    message = ""
    if isinstance(error, OSError) and error.strerror:
        message = error.strerror
    elif isinstance(error, OperationalError | InterfaceError):
        message = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _message(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] in OWN:
        if not record.args:
            return str(record.msg)
        own = _mapped(record.args, lambda value: described(value) if isinstance(value, BaseException) else value)
        return _formatted(record.msg, own)
    request = getattr(record, "request", None)
    if isinstance(request, HttpRequest):
        match = request.resolver_match
        route = (match.route or "/") if match is not None else "an address that is not there"
        return f"{_status(record)} at {route}"
    if record.name == "py.warnings":  # "path:line: Category: what is wrong\n  the line"
        return ": ".join(record.getMessage().split(": ")[:2])
    if record.args:
        numbers = _mapped(record.args, lambda value: value if isinstance(value, int | float) else _Hidden())
        return _formatted(record.msg, numbers)
    return f"said at {record.pathname}:{record.lineno}"


def _formatted(template: Any, arguments: Any) -> str:
    text: str = str(template) % arguments
    return text


def _mapped(args: Any, change: Any) -> Any:
    if isinstance(args, dict):
        return {name: change(value) for name, value in args.items()}
    return tuple(change(value) for value in args)


class _Hidden:
    """Stands for a value in a line, whatever the line would do with it."""

    def __repr__(self) -> str:
        return "…"

    def __int__(self) -> int:
        return 0

    def __float__(self) -> float:
        return 0.0


def _status(record: logging.LogRecord) -> str:
    code = getattr(record, "status_code", None)
    try:
        return f"{code} {HTTPStatus(int(code or 0)).phrase}"
    except ValueError:
        return "A request"


def _traceback(error: BaseException) -> Iterator[str]:
    """List where it was raised, and what raised it in turn, the first cause first."""
    chain = [error]
    while len(chain) < LONGEST_CHAIN and (before := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(before)
    for one in reversed(chain):
        yield from (
            "  " + line.strip() for part in traceback.format_tb(one.__traceback__) for line in part.splitlines()
        )
        yield "  " + on_one_line(described(one))
