from datetime import datetime, timedelta

import pytest
from django.core import signing
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from apps.platform.services.reader_tokens import (
    LONGEST_TOKEN,
    SALT,
    ReaderTokenExpiredError,
    ReaderTokenInvalidError,
    proven_reader,
    sign_reader,
)
from epicml.audience.asking import Proof
from tests.conftest import NOW

MIA = Proof("mia-7f3a", 7)
PAGE, OTHER_PAGE = "https://library.example", "https://other.example"


def token(*, origin: str = "", seconds: int = 900) -> str:
    return sign_reader(MIA, seconds=seconds, origin=origin, now=NOW).token


class TestSignReader:
    def test_says_when_it_expires(self, now: datetime) -> None:
        assert sign_reader(MIA, seconds=900, origin="", now=now).expires_at == now + timedelta(minutes=15)

    def test_of_the_longest_pseudonym_and_page_is_not_too_long(self, now: datetime) -> None:
        longest = sign_reader(Proof("R" * 64, 2**63 - 1), seconds=3600, origin="h" * 255, now=now)
        assert len(longest.token) <= LONGEST_TOKEN
        assert proven_reader(longest.token, origin="h" * 255, now=now).reader == "R" * 64


class TestProvenReader:
    @pytest.mark.parametrize("seconds", [60, 900, 3600])
    def test_is_the_one_who_was_signed_until_the_token_expires(self, seconds: int, now: datetime) -> None:
        signed = token(seconds=seconds)
        for passed in (0, 1, seconds - 1):
            assert proven_reader(signed, origin=PAGE, now=now + timedelta(seconds=passed)) == MIA
        for passed in (seconds, seconds + 1, 10**9):
            with pytest.raises(ReaderTokenExpiredError):
                proven_reader(signed, origin=PAGE, now=now + timedelta(seconds=passed))

    def test_of_a_server_whose_clock_is_a_little_behind_is_taken(self, now: datetime) -> None:
        assert proven_reader(token(seconds=3600), origin=PAGE, now=now - timedelta(seconds=59)) == MIA
        with pytest.raises(ReaderTokenInvalidError):
            proven_reader(token(seconds=3600), origin=PAGE, now=now - timedelta(seconds=61))

    def test_of_a_page_is_the_reader_there_alone(self, now: datetime) -> None:
        assert proven_reader(token(origin=PAGE), origin=PAGE, now=now) == MIA
        assert proven_reader(token(origin=PAGE), origin=None, now=now) == MIA  # a server, which is no page
        with pytest.raises(ReaderTokenInvalidError):
            proven_reader(token(origin=PAGE), origin=OTHER_PAGE, now=now)

    @given(st.integers(0, 200), st.characters(max_codepoint=255))
    def test_is_nobody_where_any_letter_was_changed(self, place: int, letter: str) -> None:
        signed = token()
        changed = signed[: place % len(signed)] + letter + signed[place % len(signed) + 1 :]
        if changed != signed:
            with pytest.raises(ReaderTokenInvalidError):
                proven_reader(changed, origin=PAGE, now=NOW)

    @pytest.mark.parametrize(
        "wrong",
        [
            "",
            "x",
            ":",
            "::",
            "a:b:c",
            token()[:-1],
            token()[1:],
            token() + "A",
            token() + "\0",
            token().rpartition(":")[0],
            "." + token(),
            token() * 50,
            "é" * 40,
            "\ud800",
            signing.dumps(["mia-7f3a", 7, 2**31, ""], salt="another"),
            signing.dumps(["mia-7f3a", 7, 2**31, ""]),
            signing.dumps(["mia-7f3a", 7, 2**40, ""], salt=SALT),
        ],
        ids=lambda _: "",  # tokens have a moment in them, and the names of cases must be the same in every process
    )
    def test_is_nobody_for_what_was_not_signed_for_this(self, wrong: str, now: datetime) -> None:
        with pytest.raises(ReaderTokenInvalidError):
            proven_reader(wrong, origin=PAGE, now=now)

    def test_outlives_a_change_of_the_secret_key_where_the_former_is_named(
        self, settings: Settings, now: datetime
    ) -> None:
        signed, former = token(), settings.SECRET_KEY
        settings.SECRET_KEY = "another"
        with pytest.raises(ReaderTokenInvalidError):
            proven_reader(signed, origin=PAGE, now=now)
        settings.SECRET_KEY_FALLBACKS = [former]
        assert proven_reader(signed, origin=PAGE, now=now) == MIA
