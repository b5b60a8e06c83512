"""The storage of artifacts where it is a folder: this machine's own, or one that all machines share."""

import os
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage


class FolderStorage(FileSystemStorage):
    """Store artifacts in ARTIFACTS_DIR; a name that would lead out of it is refused."""

    def __init__(self) -> None:
        super().__init__(location=os.fspath(settings.ARTIFACTS_DIR))


def local_path(name: str) -> Path:
    """Return where this lies on this machine: the artifact itself, or the copy of what object storage holds."""
    return Path(FolderStorage().path(name))
