"""How large the parts of a book may be, wherever it comes from."""

KEY_PATTERN = r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,64}"
MAX_TITLE = 500
MAX_NAME = 200  # of an author, a series
MAX_AUTHORS = 60  # an anthology of goodbooks has 47
MAX_GENRES = 100
MAX_TAG = 60
MOST_RATINGS = 2_000_000_000
HIGHEST_SERIES_NUMBER = 100_000
YEARS = (-4000, 2100)  # negative: before Christ, as in the Iliad of -762
MAX_ISBNS = 50  # a work with many editions
BOOKS_PER_BATCH = 1000
