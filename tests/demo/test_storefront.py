import html
import re
from datetime import datetime
from urllib.parse import quote, urlencode

import pytest
from django.test import Client

from apps.readers.models import Reader
from apps.readers.services import ReaderInput, erase_reader, save_readers
from demo.models import Preparation
from epicml.audience.bands import AgeBand
from tests.client import ApiClient

pytestmark = pytest.mark.django_db
TOKEN = "/demo/reader-token"


@pytest.fixture
def readers(now: datetime) -> None:
    """Two readers of different ages."""
    save_readers(
        [
            ReaderInput(key="R-00001", age_band=AgeBand.ADULT, languages=("en",)),
            ReaderInput(key="R-00003", age_band=AgeBand.AGES_0_TO_5, languages=("en",)),
            ReaderInput(key="R-00002", age_band=AgeBand.AGES_9_TO_11, languages=("en", "de")),
        ],
        now=now,
    )
    Preparation.objects.create(step="readers", fingerprint="a test", done_at=now)


def page(client: Client, **query: str) -> str:
    response = client.get("/", query_params=query)
    assert response.status_code == 200
    return response.content.decode()


def token_in(shown: str) -> str:
    found = re.search('data-token="([^"]+)"', shown)
    assert found is not None
    return found.group(1)


def as_page(shown: str, token: str = "") -> ApiClient:
    """The API as the script of this page asks it."""
    key = re.search('data-key="([^"]+)"', shown)
    assert key is not None
    headers = {"Origin": "http://testserver", **({"X-Reader-Token": token} if token else {})}
    return ApiClient(key.group(1), headers=headers)


@pytest.mark.usefixtures("readers")
class TestReaderToken:
    @pytest.mark.parametrize(("reader", "band"), [("R-00001", "adult"), ("R-00002", "9-11"), ("R-00003", "0-5")])
    def test_in_the_page_proves_its_reader(self, reader: str, band: str, client: Client) -> None:
        shown = page(client, reader=reader)
        api = as_page(shown, token_in(shown))
        assert api.get("/api/v1/popular", reader=reader).json()["audience"]["age_band"] == band
        assert api.get(f"/api/v1/readers/{reader}/home").status_code == 200

    def test_alone_shows_what_is_not_for_the_youngest(self, client: Client) -> None:
        api = as_page(page(client, reader="R-00001"))
        for query in ({"age_band": "adult"}, {"reader": "R-00001"}, {"reader": "R-00001", "age_band": "adult"}):
            assert api.get("/api/v1/popular", **query).json()["audience"]["age_band"] == "0-5"
        assert api.get("/api/v1/readers/R-00001/home").status_code == 403

    def test_is_given_anew_to_a_page(self, client: Client) -> None:
        shown = page(client, reader="R-00001")
        answer = client.post(TOKEN, {"reader": "R-00001"})
        assert answer.json()["seconds"] == 900
        assert "no-store" in answer["Cache-Control"]
        assert as_page(shown, answer.json()["token"]).get("/api/v1/popular").json()["audience"]["age_band"] == "adult"

    def test_is_given_to_no_page_of_another_site(self) -> None:
        strict = Client(enforce_csrf_checks=True)
        page(strict, reader="R-00001")
        assert strict.post(TOKEN, {"reader": "R-00001"}).status_code == 403
        proof = {"X-CSRFToken": strict.cookies["csrftoken"].value}
        assert strict.post(TOKEN, {"reader": "R-00001"}, headers=proof).status_code == 200
        foreign = {**proof, "Origin": "https://other.example"}
        assert strict.post(TOKEN, {"reader": "R-00001"}, headers=foreign).status_code == 403

    @pytest.mark.parametrize("reader", ["", "R-99999", "r-00001", "mia-7f3a", "\0", "x" * 5000])
    def test_is_given_for_sample_readers_only(self, reader: str, client: Client, now: datetime) -> None:
        save_readers([ReaderInput(key="mia-7f3a", age_band=AgeBand.ADULT)], now=now)
        answer = client.post(TOKEN, {"reader": reader})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    def test_is_not_given_for_reading_an_address(self, client: Client) -> None:
        assert client.get(TOKEN, {"reader": "R-00001"}).status_code == 405


@pytest.mark.usefixtures("readers")
class TestStorefront:
    def test_starts_with_a_reader_of_the_youngest_band_and_says_who(self, client: Client) -> None:
        for shown in (page(client), page(client, reader="")):
            assert 'data-reader="R-00003" data-known' in shown
            assert "You have not said it yet" in shown
            assert "<b>R-00003</b> reads at 0 to 5" in shown

    def test_starts_with_nobody_where_there_is_no_reader_of_the_youngest_band(self, client: Client) -> None:
        Reader.objects.filter(key="R-00003").delete()
        shown = page(client)
        assert 'data-reader="">' in shown
        assert "Who is reading?" in shown
        assert "from 0 to 5 years" in shown

    def test_shows_the_reader_of_the_address(self, client: Client) -> None:
        shown = page(client, reader="R-00001")

        assert '<option value="R-00001" selected>R-00001, adult</option>' in shown
        assert "reads as an adult, in English." in shown

    @pytest.mark.parametrize("real", [True, False])
    def test_tells_a_reader_of_the_library_not_from_one_who_is_not_there(
        self, real: bool, client: Client, now: datetime
    ) -> None:
        if real:
            save_readers([ReaderInput(key="mia-7f3a", age_band=AgeBand.ADULT)], now=now)
        shown = page(client, reader="mia-7f3a")
        assert 'data-reader="mia-7f3a">' in shown
        assert "We do not know who mia-7f3a is." in shown
        assert "data-token" not in shown

    def test_says_that_age_bands_are_made_up(self, client: Client) -> None:
        assert "reads at 9 to 11, in English and German. Demo: books and ratings are real, age bands are made up." in (
            page(client, reader="R-00002")
        )

    @pytest.mark.parametrize(
        ("reader", "carried"),
        [
            ("R-99999", "R-99999"),
            ("r-00001", "r-00001"),
            ("Mia Weber", "Mia Weber"),
            ("a\0b", "ab"),
            ("x" * 500, "x" * 64),
            ("<script>", "&lt;script&gt;"),
            ('"&é', "&quot;&amp;é"),
        ],
    )
    def test_takes_nobody_for_one_that_is_not_there(self, client: Client, reader: str, carried: str) -> None:
        shown = page(client, reader=reader, q="dragon")
        assert f'data-reader="{carried}">' in shown
        assert "from 0 to 5 years" in shown
        # The search, the choice of reader, and the way home.
        assert f'<input type="hidden" name="reader" value="{carried}">' in shown
        assert f'<option value="{carried}" selected>' in shown
        assert f'href="/?{urlencode({"reader": html.unescape(carried)}, quote_via=quote, safe="")}"' in shown

    def test_takes_nobody_for_one_who_was_erased(self, client: Client, now: datetime) -> None:
        erase_reader("R-00001", by="a test", now=now)
        shown = page(client, reader="R-00001")
        assert 'data-reader="R-00001">' in shown
        assert "We do not know who R-00001 is." in shown

    @pytest.mark.parametrize("reader", ["R-00001", "R-00002", "R-00003"])
    def test_carries_the_reader_through_every_form_and_link(self, client: Client, reader: str) -> None:
        shown = page(client, reader=reader, q="dragon")
        assert f'<input type="hidden" name="reader" value="{reader}">' in shown
        assert f'<option value="{reader}" selected>' in shown
        assert f'href="/?reader={reader}"' in shown

    def test_escapes_what_the_address_says(self, client: Client) -> None:
        shown = page(client, q='"><script>alert(1)</script>')

        assert "<script>alert" not in shown
        assert "&lt;script&gt;" in shown

    def test_carries_a_public_key_for_its_own_origin(self, client: Client) -> None:
        assert 'data-key="epic_pk_' in page(client)

    def test_allows_no_inline_script_or_style(self, client: Client) -> None:
        policy = client.get("/").headers["Content-Security-Policy"]

        assert "script-src 'self'" in policy
        assert "unsafe" not in policy

    def test_may_not_be_posted_to(self, client: Client) -> None:
        assert client.post("/").status_code == 405


class TestStorefrontBeforeTheDemoIsPrepared:
    def test_says_what_to_run(self, client: Client) -> None:
        shown = page(client)

        assert "There is no reader yet." in shown
        assert "manage.py demo" in shown
