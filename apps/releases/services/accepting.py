"""What a person may accept although it is refused: each refusal by its name, with a reason that is kept."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from apps.platform.services.errors import ConflictError, EpicmlError
from apps.releases.services.kinds import AnyKind
from epicml.evaluation.gate import NOT_COMPARED, Refusal


class UnknownRefusalError(ConflictError):
    """A name under which nothing is ever refused that a person may accept."""

    code = "unknown_refusal"

    def __init__(self, kind: AnyKind, names: Sequence[str]) -> None:
        sentence = (
            f"Nothing that can be accepted is called {', '.join(map(repr, names))}; known for {kind.name} are "
            f"{', '.join(acceptable_names(kind))}."
        )
        super().__init__(sentence, fields={"accept": [sentence]})


class ReasonMissingError(EpicmlError):
    """Somebody accepts a refusal and does not say why."""

    code = "reason_missing"

    def __init__(self, names: Collection[str]) -> None:
        sentence = f"Say why {', '.join(sorted(names))} is accepted: the reason stays with the release."
        super().__init__(sentence, fields={"why": [sentence]})


class NotAcceptedError(ConflictError):
    """The release is refused for reasons that were not accepted."""

    code = "gate_not_passed"


def acceptable_names(kind: AnyKind) -> list[str]:
    """List every name under which a person may accept something of this kind."""
    return sorted({*(rule.key for rule in kind.rules if rule.acceptable), *kind.acceptable_findings, NOT_COMPARED})


def checked_names(kind: AnyKind, names: Iterable[str], *, why: str) -> tuple[str, ...]:
    """Return the names, each once, all of them known and with a reason."""
    given = tuple(dict.fromkeys(names))
    unknown = [name for name in given if name not in acceptable_names(kind)]
    if unknown:
        raise UnknownRefusalError(kind, unknown)
    if given and not why.strip():
        raise ReasonMissingError(given)
    return given


def how_to_accept(kind: AnyKind, key: str, refusals: Sequence[Refusal]) -> str:
    """Say what a person does who wants it all the same, or what it is that nobody may accept."""
    never = [refusal.name or "the audit" for refusal in refusals if not refusal.acceptable]
    if never:
        return f"Nobody can accept this: {', '.join(dict.fromkeys(never))}."
    names = list(dict.fromkeys(refusal.name for refusal in refusals))
    options = " ".join(f"--accept {name}" for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    again = f", or build it again with manage.py {kind.command} {options} --why REASON" if kind.command else ""
    return (
        f"If this is meant to be so, a person can accept it: manage.py promote_release {kind.name} {key} {options} "
        f"--why REASON; or “Accept and promote…” on its page; or POST /api/v1/releases/{kind.name}/{key}/promote with "
        f'"accept": [{listed}] and "why"{again}.'
    )


def acceptances(names: Iterable[str], *, by: str, why: str, at: datetime) -> list[dict[str, Any]]:
    """Return what the row of a release keeps of an acceptance."""
    return [{"name": name, "by": by, "at": at.isoformat(), "why": why} for name in names]
