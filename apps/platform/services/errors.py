"""The base of every error a person may see. An app's own errors stand beside the function that raises them."""

from collections.abc import Mapping, Sequence


class EpicmlError(Exception):
    """A sentence for the person who asked, a code for the program, and an HTTP status for the API.

    Subclasses set `code` (stable, snake_case) and `status`; `fields` names what was wrong in the input.

    >>> error = EpicmlError("The title is missing.", fields={"title": ["This field is required."]})
    >>> error.message, error.code, error.status
    ('The title is missing.', 'refused', 400)
    """

    code = "refused"
    status = 400

    def __init__(self, message: str, *, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = {name: list(reasons) for name, reasons in (fields or {}).items()}


class NotFoundError(EpicmlError):
    """What was named does not exist."""

    code = "not_found"
    status = 404


class ConflictError(EpicmlError):
    """The request does not fit the state that things are in now."""

    code = "conflict"
    status = 409


class ContradictionError(ConflictError):
    """Each value has its form, but they do not go together, or not with what is stored; `fields` says which."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        name, reasons = next(iter(fields.items()))
        super().__init__(f"The request contradicts itself or what is stored: {name}: {reasons[0]}", fields=fields)


class UnavailableError(EpicmlError):
    """Something that is needed does not answer, and no fallback can stand in for it."""

    code = "unavailable"
    status = 503
