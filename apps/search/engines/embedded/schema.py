"""The tables of the tantivy index, and a book as a document of it."""

from functools import cache

import tantivy

from apps.search.engines.protocol import IndexedBook
from epicml.audience.bands import AgeBand
from epicml.search.clauses import Field
from epicml.search.fields import tokens_of

TOKENIZER = "whitespace"  # the tokens are made in epicml.search.fields; tantivy only keeps them
ID = "id"
POPULARITY = "popularity"
AUDIENCE = "audience"
CURSOR = "cursor"
CURSOR_MARK = "is_cursor"


@cache
def schema() -> tantivy.Schema:
    """Make the fields of every index that this code can read."""
    builder = tantivy.SchemaBuilder()
    for field in Field:
        builder.add_text_field(field.value, tokenizer_name=TOKENIZER, index_option="basic")
    builder.add_text_field(AUDIENCE, tokenizer_name=TOKENIZER, index_option="basic")
    builder.add_unsigned_field(ID, indexed=True, fast=True)
    builder.add_unsigned_field(POPULARITY, fast=True)
    builder.add_text_field(CURSOR_MARK, tokenizer_name=TOKENIZER, index_option="basic")
    builder.add_unsigned_field(CURSOR, stored=True)
    return builder.build()


def book_document(book: IndexedBook) -> tantivy.Document:
    """Make the document under which a book is found."""
    values: dict[str, object] = {field.value: " ".join(sorted(grams)) for field, grams in tokens_of(book.text).items()}
    values[AUDIENCE] = " ".join(str(int(band)) for band in AgeBand if band >= book.age_band)
    values[ID] = book.id
    values[POPULARITY] = book.popularity
    # With the schema: without it Python's numbers become signed, and the writer panics on an unsigned fast field.
    return tantivy.Document.from_dict(values, schema())


def cursor_document(number: int) -> tantivy.Document:
    """Make the document that says up to which change the index goes, so that both are committed as one."""
    return tantivy.Document.from_dict({CURSOR_MARK: CURSOR_MARK, CURSOR: number}, schema())
