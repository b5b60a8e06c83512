from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.verifying import verify_live
from apps.search.engines.embedded.folders import copies_folder, mark_broken
from apps.search.pages.views import index_answer
from apps.search.selectors.status import IndexStatus
from tests.apps.search.damages import change_a_byte, sealed_folder

READY = IndexStatus(
    live="2026-11-24.1",
    release="2026-11-24.1",
    sealed=False,
    cursor=1475,
    pending=0,
    books=1475,
    problem="",
    fallbacks={},
)


@pytest.mark.django_db
class TestIndexPage:
    def test_says_that_nothing_was_built_and_what_answers_instead(self, admin_client: Client) -> None:
        page = admin_client.get(reverse("search-index")).content.decode()
        assert "None by the index: readers are answered from the database." in page
        assert "No index was built yet." in page

    def test_says_that_the_working_copy_is_damaged(self, live_index_row: ReleaseRow, admin_client: Client) -> None:
        (copy,) = [path for path in copies_folder().iterdir() if path.is_dir()]
        mark_broken(copy, "x.term is not what was written")
        page = admin_client.get(reverse("search-index")).content.decode()
        assert "The working copy was found damaged." in page
        assert "x.term is not what was written. Readers notice nothing but that" in page

    def test_names_damaged_sealed_files(self, live_index_row: ReleaseRow, var_dir: Path, admin_client: Client) -> None:
        change_a_byte(sealed_folder(var_dir, live_index_row.key), ".term")
        verify_live()
        assert "its SHA-256 differs" in admin_client.get(reverse("search-index")).content.decode()

    def test_sends_an_anonymous_visitor_to_the_login(self, client: Client) -> None:
        assert client.get(reverse("search-index")).status_code == 302


class TestIndexAnswer:
    def test_counts_the_books(self) -> None:
        assert index_answer(READY, 1475) == "1,475 books of 1,475, every change included."

    def test_says_what_is_not_in_it_yet(self) -> None:
        assert index_answer(replace(READY, pending=1), 1476) == "1,475 books of 1,476; 1 change not in it yet."

    def test_says_that_the_database_answers_when_it_is_far_behind(self) -> None:
        assert "answered from the database" in index_answer(replace(READY, pending=5000), 6475)
