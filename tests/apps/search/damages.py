"""What can happen to the files of an index."""

import shutil
from pathlib import Path

from apps.search.engines.embedded.folders import copies_folder


def sealed_folder(var_dir: Path, key: str) -> Path:
    """Where the files of a release lie."""
    return var_dir / "artifacts" / "search_index" / key


def change_a_byte(folder: Path, ending: str) -> None:
    """One byte in the middle of the file with this ending is another one; whoever has it open keeps the old file."""
    path = next(path for path in sorted(folder.rglob("*")) if path.name.endswith(ending))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.unlink()
    path.write_bytes(bytes(content))


def remove_copies() -> None:
    """There are no working copies."""
    shutil.rmtree(copies_folder(), ignore_errors=True)


def break_copies() -> None:
    """No working copy can be opened."""
    for path in copies_folder().glob("*/published.json"):
        path.unlink()
        path.write_text("no index")


def flip(path: Path) -> None:
    """One bit of this very file is another one, under whoever has it open."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    with path.open("r+b") as file:
        file.write(content)


def copy_files() -> list[Path]:
    """Every file of the working copies that says something of books."""
    return sorted(path for path in copies_folder().glob("*/**/*") if path.is_file() and not path.name.endswith(".lock"))
