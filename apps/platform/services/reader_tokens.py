"""Tokens that prove to the API, for some minutes, who reads in a browser. Nothing of them is stored."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core import signing

from apps.platform.services.errors import EpicmlError
from epicml.audience.asking import Proof

# Of this use alone, and of this form: what was signed for anything else, or by another version, proves nothing.
SALT = "epicml.reader-token.1"
SHORTEST_SECONDS, LONGEST_SECONDS, DEFAULT_SECONDS = 60, 3600, 900
CLOCKS_APART_SECONDS = 60  # of two servers: one that is set right must not shut readers out
LONGEST_TOKEN = 600  # a pseudonym of 64 characters and an origin of 255
FORM = re.compile(r"[A-Za-z0-9_:-]+")


class ReaderTokenInvalidError(EpicmlError):
    """This was not signed here, not for this, or not for that page; nothing more is said about it."""

    code = "reader_token_invalid"
    status = 401

    def __init__(self) -> None:
        super().__init__("The token in X-Reader-Token is not valid here: get a new one from your server.")


class ReaderTokenExpiredError(EpicmlError):
    """The token was good once."""

    code = "reader_token_expired"
    status = 401

    def __init__(self) -> None:
        super().__init__("The token in X-Reader-Token has expired: get a new one from your server.")


@dataclass(frozen=True, slots=True)
class ReaderToken:
    """A token and the moment from which it proves nothing."""

    token: str
    expires_at: datetime


def sign_reader(proof: Proof, *, seconds: int, origin: str, now: datetime) -> ReaderToken:
    """Make a token for this reader until so many seconds from now; with an origin, for the pages there only."""
    expires = int(now.timestamp()) + seconds
    token = signing.dumps([proof.reader, proof.reader_id, expires, origin], salt=SALT)
    return ReaderToken(token, datetime.fromtimestamp(expires, tz=UTC))


def proven_reader(token: str, *, origin: str | None, now: datetime) -> Proof:
    """Return the reader of a token that is good now, at a page of this origin; None for a sender that is no page.

    Raises:
        ReaderTokenInvalidError: it was not signed here for this, was changed, or belongs to another page.
        ReaderTokenExpiredError: its time is over.
    """
    if len(token) > LONGEST_TOKEN or not FORM.fullmatch(token):
        raise ReaderTokenInvalidError
    try:
        reader, reader_id, expires, bound_to = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise ReaderTokenInvalidError from error
    left = expires - now.timestamp()
    if left > LONGEST_SECONDS + CLOCKS_APART_SECONDS or (bound_to and origin not in {None, bound_to}):
        raise ReaderTokenInvalidError
    if left <= 0:
        raise ReaderTokenExpiredError
    return Proof(reader, reader_id)
