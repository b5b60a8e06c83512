"""What sealed files are: a SHA-256 of each, one sum over all of them, and what is wrong where they are others."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from apps.platform.services.errors import EpicmlError, UnavailableError
from apps.platform.services.file_sums import FileSum, file_sum

MANIFEST = "manifest.json"


class ArtifactCorruptError(EpicmlError):
    """The files of a release are not those that were sealed."""

    code = "artifact_corrupt"
    status = 409


class ArtifactStorageError(UnavailableError):
    """The storage of artifacts cannot be written, or cannot be reached."""

    code = "artifact_storage"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Each file of a sealed artifact with size and SHA-256, and the one sum over all of them."""

    files: dict[str, dict[str, Any]]
    sha256: str

    @classmethod
    def of(cls, sums: Mapping[str, FileSum]) -> "Manifest":
        """Return the manifest of files with these sums."""
        files = {name: {"size": sums[name].size, "sha256": sums[name].sha256} for name in sorted(sums)}
        lines = "".join(f"{entry['sha256']}  {name}\n" for name, entry in files.items())
        return cls(files=files, sha256=hashlib.sha256(lines.encode()).hexdigest())

    def content(self) -> bytes:
        """Return what the file `manifest.json` holds."""
        return orjson.dumps({"files": self.files, "sha256": self.sha256})

    def check(self, *, what: str, sha256: str, sealed: bytes) -> None:
        """Refuse files whose sum is another one, and name the first that differs from the manifest that was sealed.

        Raises:
            ArtifactCorruptError: the sum over all files is not `sha256`.
        """
        if self.sha256 != sha256:
            name = self._first_difference(sealed)
            raise ArtifactCorruptError(f"{name} of {what} is not what was sealed: its SHA-256 differs.")

    def _first_difference(self, sealed: bytes) -> str:
        try:
            expected: dict[str, Any] = orjson.loads(sealed)["files"]
        except (ValueError, TypeError, KeyError):
            return MANIFEST
        names = sorted(set(expected) | set(self.files))
        return next((name for name in names if expected.get(name) != self.files.get(name)), MANIFEST)


def manifest_of(folder: Path) -> Manifest:
    """Return the manifest of the files in this folder as they are now.

    Raises:
        ArtifactCorruptError: a link is among them.
        OSError: one cannot be read.
    """
    sums = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise ArtifactCorruptError(f"{name} is a link; an artifact holds files only.")
        if path.is_file() and name != MANIFEST:
            sums[name] = file_sum(path)
    return Manifest.of(sums)
