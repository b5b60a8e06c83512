"""Django's SQLite for processes that answer requests: the file that they opened is the file that is there.

SQLite makes a file that is missing, so that a request would answer from an empty database, in the way of the real one
when that comes back. And who has a file open goes on reading and writing it when it was deleted or replaced: what is
acknowledged then is nowhere.
"""

import os
from typing import Any
from urllib.parse import quote

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection of Django that makes no file, and is closed when its file is another one."""

    _opened: tuple[int, int] | None = None

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        return {**parameters, "database": f"file:{quote(str(parameters['database']))}?mode=rw"}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        self._opened = self._file()
        return connection

    def is_usable(self) -> bool:
        """Tell whether the file is the one that was opened; asked once for each request."""
        return self._opened == self._file()

    def _file(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.settings_dict["NAME"])
        except OSError:
            return None
        return found.st_dev, found.st_ino
