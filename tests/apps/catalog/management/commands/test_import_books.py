import io
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
