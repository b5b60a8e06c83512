from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import delete_books
from apps.events.models import Event
from apps.events.selectors import history
from apps.readers.selectors import reader_profile
from demo.dataset import Dataset
from demo.preparation import STEPS, RefusedRowsError, Work, prepare

pytestmark = pytest.mark.django_db

BOOKS = """\
book_id,authors,original_publication_year,title,language_code,average_rating,ratings_count
7,Louis Sachar,1998.0,"Holes (Holes, #1)",eng,3.93,746
8,Nobody,2001.0,Another Book,eng,4.1,12
"""
GENRES = """\
book_id,genres
7,"children,childrens-books,middle-grade"
8,"children,childrens-books,picture-books"
"""
RATINGS = "user_id,book_id,rating\n1,8,5\n2,7,3\n1,7,4\n"
LOADING = ("books", "readers", "ratings")

MakeWork = Callable[..., Work]


@pytest.fixture
def make_work(tmp_path: Path, now: datetime) -> MakeWork:
    """Write a dataset and give the work on it."""

    def make(*, books: str = BOOKS, genres: str = GENRES, ratings: str = RATINGS) -> Work:
        for name, text in (("books.csv", books), ("genres.csv", genres), ("ratings.csv", ratings)):
            (tmp_path / name).write_text(text)
        return Work(Dataset.in_folder(tmp_path), clock=lambda: now, progress=lambda text: None, folder=tmp_path)

    return make


def load(work: Work) -> list[str]:
    return [prepare(STEPS[name], work) for name in LOADING]


class TestPrepare:
    def test_loads_books_readers_and_ratings(self, make_work: MakeWork) -> None:
        said = load(make_work())

        assert said == [
            "2 new, 0 changed, 0 as before",
            "2 new of 2; their age bands are made up",
            "3 new, 0 as before",
        ]
        assert shelf().card("7").title == "Holes"
        assert Event.objects.count() == 3

    def test_keeps_the_order_of_a_readers_ratings(self, make_work: MakeWork) -> None:
        load(make_work())

        newest_first = history(reader_profile("R-00001").id).book_ids
        assert [card.key for book_id in newest_first for card in shelf().cards if card.id == book_id] == ["7", "8"]

    def test_loads_nothing_twice(self, make_work: MakeWork) -> None:
        load(make_work())

        assert load(make_work()) == ["as before"] * 3
        assert Event.objects.count() == 3

    def test_loads_the_difference_of_a_changed_dataset(self, make_work: MakeWork) -> None:
        load(make_work())

        said = load(
            make_work(
                books=BOOKS + "9,Somebody,2010.0,A Third Book,eng,4.0,5\n",
                genres=GENRES + '9,"children,childrens-books"\n',
                ratings=RATINGS + "2,9,5\n",
            )
        )

        assert said == [
            "1 new, 0 changed, 2 as before",
            "0 new of 2; their age bands are made up",
            "1 new, 3 as before",
        ]

    def test_loads_again_what_is_gone(self, make_work: MakeWork, now: datetime) -> None:
        load(make_work())
        delete_books(["7", "8"], now=now)

        assert prepare(STEPS["books"], make_work()) == "0 new, 2 changed, 0 as before"

    def test_fails_with_one_sentence_where_rows_are_refused(self, make_work: MakeWork) -> None:
        work = make_work(ratings=RATINGS + "2,7,eleven\n")
        prepare(STEPS["books"], work)
        prepare(STEPS["readers"], work)

        with pytest.raises(
            RefusedRowsError, match=r"^Refused rows of ratings: 1; .*demo-refused-ratings\.csv says why\.$"
        ):
            prepare(STEPS["ratings"], work)
        assert (work.folder / "demo-refused-ratings.csv").read_text().splitlines()[1].startswith("5,value,")

    def test_leaves_no_file_behind(self, make_work: MakeWork) -> None:
        work = make_work()
        load(work)

        assert sorted(path.name for path in work.folder.iterdir()) == ["books.csv", "genres.csv", "ratings.csv"]
