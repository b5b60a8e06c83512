"""The kinds of release there are. A higher app adds its own in its apps.py: register_kind(...)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from apps.jobs.services.ledger.registry import ReportProgress
from apps.platform.services.errors import EpicmlError, NotFoundError
from apps.releases.selectors.live import LiveRelease
from apps.releases.services.steps import StepResult, Stored
from apps.releases.services.wording import RuleWords
from epicml.datasets.audit import Finding, stops
from epicml.evaluation.gate import GateRule
from epicml.evaluation.report import Report


class UnknownKindError(NotFoundError):
    """No app registered this kind of release."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no kind of release {kind!r}; known are {', '.join(sorted(_KINDS)) or 'none'}.")


class AuditRefusedError(EpicmlError):
    """The data is not fit to build from; the findings say why."""

    code = "refused_by_audit"
    status = 409

    def __init__(self, findings: Sequence[Finding]) -> None:
        reason = " ".join(f"{finding.text.rstrip('.')}." for finding in findings if stops(finding))
        super().__init__(f"The audit refuses the data: {reason}")
        self.findings = list(findings)


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What a step of a build is given: call `progress` often, it says that the builder gets further.

    `fit` writes what is to be served into `folder`; `evaluate` finds the sealed, verified files there.
    `champion_folder` holds the verified files of the live release; None where nothing is live, or they are damaged:
    `champion_problem` says why then, as the end of a sentence. No event past `last_event` is of this build.
    """

    kind: str
    key: str
    folder: Path
    now: datetime
    champion: LiveRelease | None
    options: Mapping[str, Any]
    progress: ReportProgress
    champion_folder: Path | None = None
    champion_problem: str = ""
    last_event: int | None = None


class Fitted(StepResult, Protocol):
    """What a fit hands over beside the files to be served; the details stand in the manifest."""

    @property
    def details(self) -> Mapping[str, Any]:
        """Return what the release was built from, and how."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What the audit of a snapshot found."""

    findings: tuple[Finding, ...] = ()

    def stored(self) -> Stored:
        """Return it as it is written."""
        return Stored({"findings": [finding.as_json() for finding in self.findings]})

    @classmethod
    def restored(cls, stored: Stored) -> "Audit":
        """Return the audit that was written."""
        return cls(tuple(Finding.from_json(row) for row in stored.values["findings"]))


S = TypeVar("S", bound=StepResult)
F = TypeVar("F", bound=Fitted)


@dataclass(frozen=True, slots=True)
class ReleaseKind(Generic[S, F]):
    """One kind of release: the steps in which it is made, and the rules of its gate.

    Each step is a function from the results of those before it. What the build is made from is read by `snapshot`, and
    by no step after it, so that a build that goes on tomorrow is the one that was begun.
    `readers_in` are the ids of the readers of whom a snapshot holds rows: it is not kept when one of them is erased.
    `on_promoted(release, now)` runs inside the transaction that makes a release live, by promotion or by rolling back:
    it may write rows (enqueue), nothing else. `on_removed(kind, key)` runs after an artifact was removed by retention.
    `words` tell each rule, by its key. `touches` says in words what readers are served from it. `acceptable_findings`
    are names of findings that stop and that a person may accept; `command` is the one that builds it.
    """

    name: str
    title: str
    question: str
    snapshot: Callable[[BuildContext], S]
    audit: Callable[[BuildContext, S], Audit]
    fit: Callable[[BuildContext, S], F]
    evaluate: Callable[[BuildContext, S, Audit, F], Report]
    snapshot_type: type[S]
    fitted_type: type[F]
    rules: tuple[GateRule, ...] = field(default=())
    words: Mapping[str, RuleWords] = field(default_factory=dict)
    readers_in: Callable[[S], npt.NDArray[np.int64]] | None = None
    on_promoted: Callable[[LiveRelease, datetime], None] | None = None
    on_removed: Callable[[str, str], None] | None = None
    touches: str = "everything that is served from it"
    acceptable_findings: tuple[str, ...] = ()
    command: str = ""


AnyKind: TypeAlias = ReleaseKind[Any, Any]  # the registry does not care what a kind's steps hand over

_KINDS: dict[str, AnyKind] = {}


def register_kind(kind: AnyKind) -> None:
    """Let releases of this kind be made; registering the name again replaces it."""
    _KINDS[kind.name] = kind


def must_stop(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing may be built from these data; what can be accepted is decided at the gate."""
    return any(stops(finding) and not finding.name for finding in findings)


def release_kind(name: str) -> AnyKind:
    """Return the registered kind of this name."""
    try:
        return _KINDS[name]
    except KeyError as error:
        raise UnknownKindError(name) from error


def rule_words(name: str) -> Mapping[str, RuleWords]:
    """Return how the rules of this kind are told; nothing of a kind that no app registers any more."""
    return _KINDS[name].words if name in _KINDS else {}


def release_kinds() -> list[AnyKind]:
    """Return all kinds, by name."""
    return [_KINDS[name] for name in sorted(_KINDS)]
