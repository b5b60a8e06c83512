"""A small goodbooks-10k: three tables in a folder, with two kinds of taste and a book for adults."""

from pathlib import Path

BOOKS = 16
READERS = 12
ADULT = BOOKS  # the last book has no children's tag


def write_goodbooks(folder: Path, **changes: str) -> Path:
    """The folder holds the three tables; `ratings="..."` writes another text in the place of that one."""
    folder.mkdir(exist_ok=True)
    tables = {"books": _books(), "genres": _genres(), "ratings": _ratings(), **changes}
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def _books() -> str:
    head = "book_id,isbn,authors,original_publication_year,title,language_code,average_rating,ratings_count\n"
    rows = [f"{n},,Author {n % 4},2001.0,Tale of the {_taste(n)} {n},eng,4.1,{1000 - n}\n" for n in range(1, BOOKS + 1)]
    return head + "".join(rows)


def _genres() -> str:
    tags = [(n, "fiction" if n == ADULT else f"children,middle-grade,{_taste(n)}") for n in range(1, BOOKS + 1)]
    return "book_id,genres\n" + "".join(f'{n},"{names}"\n' for n, names in tags)


def _ratings() -> str:
    """Odd readers rate all books with even numbers, even readers the other ones."""
    rows = [(reader, book) for reader in range(1, READERS + 1) for book in range(1 + reader % 2, BOOKS + 1, 2)]
    return "user_id,book_id,rating\n" + "".join(f"{reader},{book},5\n" for reader, book in rows)


def _taste(number: int) -> str:
    return "dragon" if number % 2 else "robot"
