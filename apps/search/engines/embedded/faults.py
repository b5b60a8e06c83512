"""What tantivy says of files that it cannot use, as the one error that has a fallback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.search.engines.protocol import IndexBrokenError


@contextmanager
def told_apart(folder: Path) -> Iterator[None]:
    """Turn whatever tantivy raises inside, panics included, into an IndexBrokenError of this folder."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexBrokenError(folder, str(error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # not importable: it is made inside the extension
            raise
        raise IndexBrokenError(folder, f"tantivy panicked: {error}") from error
