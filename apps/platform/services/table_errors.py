"""What is wrong with a file as a whole, so that no row of it can be read."""

from apps.platform.services.errors import EpicmlError


class TableError(EpicmlError):
    """The file cannot be read as a table."""

    code = "unreadable_file"
