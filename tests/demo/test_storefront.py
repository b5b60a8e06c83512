from datetime import datetime

import pytest
from django.test import Client

from apps.readers.services import ReaderInput, save_readers
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db


@pytest.fixture
def readers(now: datetime) -> None:
    """Two readers of different ages."""
    save_readers(
        [
            ReaderInput(key="R-00001", age_band=AgeBand.ADULT, languages=("en",)),
            ReaderInput(key="R-00002", age_band=AgeBand.AGES_9_TO_11, languages=("en", "de")),
        ],
        now=now,
    )


def page(client: Client, **query: str) -> str:
    response = client.get("/", query_params=query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.usefixtures("readers")
class TestStorefront:
    def test_starts_with_a_reader_of_9_to_11(self, client: Client) -> None:
        assert 'data-reader="R-00002"' in page(client)

    def test_shows_the_reader_of_the_address(self, client: Client) -> None:
        shown = page(client, reader="R-00001")

        assert '<option value="R-00001" selected>R-00001, adult</option>' in shown
        assert "reads as an adult, in English." in shown

    def test_says_that_age_bands_are_made_up(self, client: Client) -> None:
        assert "reads at 9 to 11, in English and German. Demo: books and ratings are real, age bands are made up." in (
            page(client)
        )

    @pytest.mark.parametrize("reader", ["R-99999", "", "a\0b", "x" * 500, "<script>", "\ud800"])
    def test_takes_a_sample_reader_for_one_that_is_not_there(self, client: Client, reader: str) -> None:
        assert 'data-reader="R-00002"' in page(client, reader=reader.encode("utf-8", "replace").decode())

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
