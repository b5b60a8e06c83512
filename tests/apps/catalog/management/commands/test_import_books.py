import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("import_books", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


class TestImportBooks:
    def test_says_in_one_line_what_it_did(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_text("key,title\n1,One\n2,\n")

        first, second = run(str(path)), run(str(path))

        assert first.startswith("books.csv: 2 rows in ")
        assert f"1 books created, 0 updated, 0 unchanged, 1 rows refused (see {path}.refused.csv).\n" in first
        assert "0 books created, 0 updated, 1 unchanged" in second

    def test_ends_with_one_sentence_when_the_file_is_missing(self) -> None:
        with pytest.raises(CommandError, match=r"^There is no file nowhere\.csv\.$"):
            run("nowhere.csv")

    def test_ends_with_one_sentence_when_an_option_is_wrong(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_text("key,title\n1,One\n")

        with pytest.raises(CommandError, match=r"^books.csv has no column 'Name'; it has key, title\.$"):
            run(str(path), "--map", "title=Name")

    def test_says_how_the_file_was_read_and_for_whom_its_books_are(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_bytes("Key;Title;Genres;Year\n1;Löcher;Juvenile fiction;c1997.\n".encode("cp1252"))

        said = run(str(path)).splitlines()

        assert said[1:] == [
            "Read as columns by their names, Windows-1252, semicolons.",
            (
                'Age bands: 1 for 9-11; 0 given, 1 guessed from genres (most often "Juvenile fiction" 1), '
                "0 adult because nothing said for whom they are; 0 set by staff kept."
            ),
            f"Remarks (see {path}.remarks.csv): year read in part 1.",
        ]

    def test_says_the_same_to_programs(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_text("key,title,genres,year\n1,One,Juvenile fiction,soon\n2,,,\n")

        said = json.loads(run(str(path), "--json"))

        assert {name: said[name] for name in ("rows", "created", "updated", "unchanged", "refused")} == {
            "rows": 2,
            "created": 1,
            "updated": 0,
            "unchanged": 0,
            "refused": 1,
        }
        assert (said["bands"]["9-11"], said["guessed"], said["guessed_from"]) == (1, 1, {"Juvenile fiction": 1})
        assert (said["remarks"], said["format"], said["encoding"]) == ({"year left out": 1}, "plain", "UTF-8")
        assert said["files"] == {"refused": f"{path}.refused.csv", "remarks": f"{path}.remarks.csv"}

    def test_takes_what_a_person_says_of_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_bytes("key~title~authors~year\n1~Лес~Ada + Bo~1999\n".encode("cp1251"))
        said = ("--encoding", "cp1251", "--delimiter", "~", "--authors-separator", "+", "--format", "plain")

        assert "1 books created" in run(str(path), *said, "--dry-run")
        assert "1 books created" in run(str(path), *said)
        path.write_bytes("key~title~authors~year\n1~~~\n".encode("cp1251"))
        assert "1 unchanged" in run(str(path), *said)
        assert "1 updated" in run(str(path), *said, "--empty", "clears")
