"""The kinds of release there are. A higher app adds its own in its apps.py: register_kind(...)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from apps.platform.services.errors import EpicmlError, NotFoundError
from apps.releases.selectors.live import LiveRelease
from epicml.datasets.audit import Finding, stops
from epicml.evaluation.gate import GateRule
from epicml.evaluation.report import Report

Progress = Callable[[int, int, str], None]


class UnknownKindError(NotFoundError):
    """No app registered this kind of release."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no kind of release {kind!r}; known are {', '.join(sorted(_KINDS)) or 'none'}.")


class AuditRefusedError(EpicmlError):
    """The data is not fit to build from; the findings say why."""

    code = "refused_by_audit"
    status = 409

    def __init__(self, findings: Sequence[Finding]) -> None:
        said = " ".join(f"{finding.text.rstrip('.')}." for finding in findings if stops(finding))
        super().__init__(f"The audit refuses the data: {said}")
        self.findings = list(findings)


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What a build is given: write files into `folder`, call `progress` often (it says that the builder lives).

    `champion_folder` holds the verified files of the live release; None where nothing is live, or they are damaged.
    """

    kind: str
    key: str
    folder: Path
    now: datetime
    champion: LiveRelease | None
    options: Mapping[str, Any]
    progress: Progress
    champion_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """What a build says of itself: details for the manifest, findings of its audit.

    `reproducible` is None where it was not tried, else whether building twice gave equal hashes; `carried` is whatever
    the evaluation needs from memory and is not stored.
    """

    details: Mapping[str, Any]
    findings: Sequence[Finding] = ()
    reproducible: bool | None = None
    carried: Any = None


@dataclass(frozen=True, slots=True)
class EvaluateContext:
    """What an evaluation is given: the sealed, verified folder and, where one is live, the champion's.

    `champion_problem` says why a live release has no folder, as the end of a sentence.
    """

    kind: str
    key: str
    folder: Path
    now: datetime
    built: Built
    champion: LiveRelease | None
    champion_folder: Path | None
    options: Mapping[str, Any]
    progress: Progress
    champion_problem: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseKind:
    """One kind of release: how it is built and evaluated, and the rules of its gate.

    `on_promoted(release, now)` runs inside the transaction that makes a release live, by promotion or by rolling back:
    it may write rows (enqueue), nothing else. `on_removed(kind, key)` runs after an artifact was removed by retention.
    `touches` says in words what readers are served from it. `acceptable_findings` are names of findings that stop and
    that a person may accept; `command` is the one that builds it.
    """

    name: str
    title: str
    question: str
    build: Callable[[BuildContext], Built]
    evaluate: Callable[[EvaluateContext], Report]
    rules: tuple[GateRule, ...] = field(default=())
    on_promoted: Callable[[LiveRelease, datetime], None] | None = None
    on_removed: Callable[[str, str], None] | None = None
    touches: str = "everything that is served from it"
    acceptable_findings: tuple[str, ...] = ()
    command: str = ""


_KINDS: dict[str, ReleaseKind] = {}


def register_kind(kind: ReleaseKind) -> None:
    """Releases of this kind can be made; registering the name again replaces it."""
    _KINDS[kind.name] = kind


def must_stop(findings: Sequence[Finding]) -> bool:
    """Whether nothing may be built from these data, whoever wants it: what can be accepted is decided at the gate."""
    return any(stops(finding) and not finding.name for finding in findings)


def release_kind(name: str) -> ReleaseKind:
    """The registered kind of this name."""
    try:
        return _KINDS[name]
    except KeyError as error:
        raise UnknownKindError(name) from error


def release_kinds() -> list[ReleaseKind]:
    """All kinds, by name."""
    return [_KINDS[name] for name in sorted(_KINDS)]
