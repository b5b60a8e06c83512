"""One step of a build after the other: taken over where its result is stored and of the same inputs, else made."""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from apps.releases.artifacts import storage_error
from apps.releases.models import Release
from apps.releases.services import steps
from apps.releases.services.steps import StepResult

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=StepResult)


@dataclass(frozen=True, slots=True)
class Kept(Generic[R]):
    """A result, the SHA-256 under which it is stored, and the folder of the files that the step wrote."""

    value: R
    sha256: str
    files: Path


@dataclass(frozen=True, slots=True)
class Stepping:
    """The steps of one build. `record` writes to the row of the release, or says that the build was abandoned."""

    release: Release
    record: Callable[..., None]
    clock: Callable[[], datetime]

    def step(
        self,
        name: str,
        make: Callable[[Path], R],
        *,
        of: type[R],
        after: Sequence[object],
        may_stay: Callable[[R], bool] = lambda result: True,
    ) -> Kept[R]:
        """Return the result of this step: the stored one, or the one that `make` gives and that is stored now.

        Args:
            name: of the step, one of `steps.NAMES`.
            make: is given an empty folder for files, and gives the result.
            of: what the result is.
            after: what it is made from, as JSON: SHA-256 of other results, settings.
            may_stay: whether a result may be stored; one that may not is removed and made anew.
        """
        made_from = json.dumps([name, steps.code_version(), *after], sort_keys=True)
        inputs = hashlib.sha256(made_from.encode()).hexdigest()
        stored = self._stored(name, inputs, of)
        if stored is not None and may_stay(stored.value):
            self.note_reuse(name)
            return stored
        while True:
            self.record()  # an abandoned build learns it here
            try:
                made = self._made(name, inputs, make)
            except steps.ResultGoneError:
                logger.info("The %s of %s is made anew: it was removed while it was written.", name, self.release)
                continue
            if may_stay(made.value):
                return made
            steps.remove_result(self.release.kind, self.release.key, name)

    def note(self, name: str, *, sha256: str, inputs: str, seconds: float) -> None:
        """Record a finished step; those after it that are of an earlier attempt stay until they are made anew."""
        entry = {
            "name": name,
            "sha256": sha256,
            "inputs": inputs,
            "at": self.clock().isoformat(),
            "seconds": round(seconds, 3),
            "reused": 0,
        }
        self._write([*(known for known in self.release.build_steps if known["name"] != name), entry])

    def note_reuse(self, name: str) -> None:
        """Record that an attempt took this step over."""
        self._write(
            [
                {**known, "reused": known["reused"] + 1} if known["name"] == name else known
                for known in self.release.build_steps
            ]
        )

    def _made(self, name: str, inputs: str, make: Callable[[Path], R]) -> Kept[R]:
        kind, key, started = self.release.kind, self.release.key, time.monotonic()
        folder = steps.workplace(kind, key, name)
        try:
            value = make(folder / steps.SERVED)
        except OSError as error:
            raise storage_error(error) from error
        sha256 = steps.keep(kind, key, name, folder, value)
        self.note(name, sha256=sha256, inputs=inputs, seconds=time.monotonic() - started)
        return Kept(value, sha256, steps.place(kind, key, name) / steps.SERVED)

    def _stored(self, name: str, inputs: str, of: type[R]) -> Kept[R] | None:
        known = next((known for known in self.release.build_steps if known["name"] == name), None)
        if known is None or known["inputs"] != inputs:
            return None
        folder = steps.find(self.release.kind, self.release.key, name, known["sha256"])
        if folder is None:
            logger.warning("The %s of %s is made anew: its stored result is gone or damaged.", name, self.release)
            return None
        value = of.restored(steps.read(folder))
        steps.drop_copy(self.release.kind, self.release.key, name)
        return Kept(value, known["sha256"], folder / steps.SERVED)

    def _write(self, entries: Sequence[dict[str, Any]]) -> None:
        self.record(build_steps=sorted(entries, key=lambda entry: steps.NAMES.index(entry["name"])))
