"""Shapes of bodies and query strings: a view names one for the OpenAPI document, and reads what was sent by it.

Every error is found at once; a field that nobody described is one, and so is a parameter that was sent twice.
REST framework's classes declare, and a loop of our own reads (ADR 24).
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, NoReturn

from django.utils.datastructures import MultiValueDict
from rest_framework import serializers
from rest_framework.request import Request

from apps.platform.api.parsing import InvalidInputError, json_body
from apps.platform.api.strict import REQUIRED, ContradictingValueError, Several, StrictField
from apps.platform.api.values import CONTROL, WrongValueError
from apps.platform.services.errors import ContradictionError

UNKNOWN_SHOWN = 5
LONGEST_NAME = 100
Errors = dict[str, list[WrongValueError]]


class Body(serializers.Serializer[None]):
    """The shape of an object of a body."""

    from_query = False

    @cached_property
    def readers(self) -> dict[str, StrictField]:
        """Return the fields by their names; TypeError where one would change what was sent without a word."""
        found: dict[str, StrictField] = {}
        for name, field in self.fields.items():
            if not isinstance(field, StrictField):
                raise TypeError(f"{type(self).__name__}.{name} is sent: declare it as a field of strict.py.")
            found[name] = field
        return found

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """Return the values of fields that are left out, under their sources."""
        have = (field for field in self.readers.values() if field.default is not serializers.empty)
        return {str(field.source): field.default for field in have}

    @cached_property
    def must_be_sent(self) -> list[str]:
        """Return the names of fields that may not be left out."""
        return [name for name, field in self.readers.items() if field.required]

    def sent(self, source: Any, errors: Errors) -> Iterable[tuple[str, Any]]:
        """Return each name that was sent with its value."""
        pairs: Iterable[tuple[str, Any]] = source.items()
        return pairs

    def values_of(self, source: Any, errors: Errors) -> dict[str, Any]:
        """Read each field that was sent, under its source, and add what is wrong to the errors."""
        found = dict(self.defaults)
        unknown = []
        for name, value in self.sent(source, errors):
            field = self.readers.get(name)
            if field is None:
                unknown.append(str(name))
                continue
            try:
                found[str(field.source)] = field.value_of(value)
            except WrongValueError as error:
                errors.setdefault(name, []).append(error)
        for name in self.must_be_sent:
            if name not in source:
                errors.setdefault(name, []).append(WrongValueError(REQUIRED))
        for name in unknown[:UNKNOWN_SHOWN]:
            errors.setdefault(name, []).append(WrongValueError("There is no such field here."))
        return found


class Query(Body):
    """The shape of a query string; one of this class itself has no parameters."""

    from_query = True

    def sent(self, source: "MultiValueDict[str, str]", errors: Errors) -> Iterable[tuple[str, Any]]:
        """Return each parameter with its value, of a list with all; which of two others counts is nobody's to guess."""
        for name, several in source.lists():
            if isinstance(self.readers.get(name), Several):
                yield name, several
                continue
            if len(several) > 1 and name in self.readers:
                errors.setdefault(name, []).append(WrongValueError("Send this once."))
            yield name, several[-1]


def read_query(shape: type[Query], request: Request) -> dict[str, Any]:
    """Read the query string; raise with every error that it has."""
    return read(shape, request.query_params)


def read_body(shape: type[Body], request: Request, *, apart: str = "", beside: Errors | None = None) -> dict[str, Any]:
    """Read the body of a request that has no query string; raise with every error of the first that has any."""
    read_query(Query, request)
    return read(shape, json_body(request, apart=apart), beside=beside)


def read(shape: type[Body], sent: Any, *, beside: Errors | None = None) -> dict[str, Any]:
    """Read what was sent by the shape: a value for each field that was sent or has a default, under its source.

    Raises:
        InvalidInputError: with every error; `beside` are those that the caller found already, as in the address.
        ContradictionError: where nothing is wrong with any value for itself, and some do not fit.
    """
    errors: Errors = {name: list(reasons) for name, reasons in (beside or {}).items()}
    found: dict[str, Any] = {}
    if isinstance(sent, Mapping):
        found = _made(shape).values_of(sent, errors)
    else:
        errors["body"] = [WrongValueError("This must be an object.")]
    if errors:
        _refuse(errors)
    return found


@cache
def _made(shape: type[Body]) -> Body:
    """Make the one instance that reads for all requests: it keeps nothing of them, and copies every field."""
    return shape()


def _refuse(errors: Mapping[str, Sequence[WrongValueError]]) -> NoReturn:
    wrong: dict[str, list[str]] = {}
    contradictions: dict[str, list[str]] = {}
    for name, reasons in errors.items():
        shown = CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", name or "body")[:LONGEST_NAME]
        for reason in reasons:
            kind = contradictions if isinstance(reason, ContradictingValueError) else wrong
            kind.setdefault(shown, []).extend(map(str, reason.args))
    if wrong:
        raise InvalidInputError(wrong)
    raise ContradictionError(contradictions)
