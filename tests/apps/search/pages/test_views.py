from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from apps.search.pages.views import index_answer
from apps.search.selectors.status import IndexStatus

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

    def test_sends_an_anonymous_visitor_to_the_login(self, client: Client) -> None:
        assert client.get(reverse("search-index")).status_code == 302


class TestIndexAnswer:
    def test_counts_the_books(self) -> None:
        assert index_answer(READY, 1475) == "1,475 books of 1,475, every change included."

    def test_says_what_is_not_in_it_yet(self) -> None:
        assert index_answer(replace(READY, pending=1), 1476) == "1,475 books of 1,476; 1 change not in it yet."

    def test_says_that_the_database_answers_when_it_is_far_behind(self) -> None:
        assert "answered from the database" in index_answer(replace(READY, pending=5000), 6475)
