import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.releases.selectors.listing import ReleaseRow
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON, reader_key

pytestmark = pytest.mark.django_db

# of the library's readers, number 1 is 9 to 11 and number 0 an adult
CHILD = reader_key("dragon", 1)


def text_of(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return answer.content.decode()


class TestModelsPage:
    def test_says_that_nothing_was_trained_and_what_readers_see_instead(self, admin_client: Client) -> None:
        page = text_of(admin_client, reverse("models"))
        assert "No model is live; readers are shown what is popular at their age." in page
        assert "No model was built yet." in page
        assert "There are no readers yet." in page

    def test_names_the_model_that_serves(self, admin_client: Client, live_model: ReleaseRow) -> None:
        page = text_of(admin_client, reverse("models"))
        assert f"{live_model.key}, live for" in page
        assert reverse("release", args=["recommender", live_model.key]) in page

    def test_leads_to_the_reader_that_is_asked_for(self, admin_client: Client, full_library: None) -> None:
        answer = admin_client.get(reverse("models"), {"reader": CHILD})
        assert answer.status_code == 302
        assert answer["Location"] == reverse("reader-sees", args=[CHILD])

    def test_says_that_a_reader_is_unknown(self, admin_client: Client, full_library: None) -> None:
        answer = admin_client.get(reverse("models"), {"reader": "<b>nobody"})
        assert "There is no reader “&lt;b&gt;nobody”." in answer.content.decode()


class TestReaderPage:
    def test_shows_reasons_places_filters_and_what_was_read(self, admin_client: Client, live_model: ReleaseRow) -> None:
        page = text_of(admin_client, reverse("reader-sees", args=[CHILD]))
        assert "allowed for age 9 to 11. No fallback was needed." in page
        for text in (
            "Because you read",
            "Item-kNN",
            "Above the age band 9 to 11",
            "Already read",
            "Last read",
            live_model.key,
        ):
            assert text in page, text

    def test_lists_books_for_adults_only_as_removed(self, admin_client: Client, live_model: ReleaseRow) -> None:
        page = text_of(admin_client, reverse("reader-sees", args=[CHILD]))
        recommended = page[page.index("Recommended now") : page.index("What the filters removed")]
        for number in range(3, 40, 4):
            assert f"The Dragon {number}<" not in recommended
        assert "Above the age band: adult" in page

    def test_says_in_whose_place_an_earlier_volume_stands(self, admin_client: Client, full_library: None) -> None:
        for number, ratings in ((1, 0), (2, 99_000)):
            volume = BookInput(
                key=f"zoo-{number}",
                title=f"Zoo {number}",
                series="Zoos",
                series_number=number,
                age_band=AgeBand.AGES_9_TO_11,
                ratings_count=ratings,
            )
            save_books([volume], now=NOON)
        page = text_of(admin_client, reverse("reader-sees", args=[CHILD]))
        assert "in place of Zoo 2" in page
        assert "Start of Zoos: popular at 9 to 11" in page
        assert "Later volume of a series than the next one" in page

    def test_says_that_a_fallback_answers_while_no_model_is_live(
        self, admin_client: Client, full_library: None
    ) -> None:
        page = text_of(admin_client, reverse("reader-sees", args=[CHILD]))
        assert "A fallback was needed." in page
        assert "popular books are shown instead" in page

    def test_is_not_there_for_an_unknown_reader(self, admin_client: Client, full_library: None) -> None:
        text_of(admin_client, reverse("reader-sees", args=["nobody"]), status=404)
        text_of(admin_client, reverse("reader-export", args=["nobody"]), status=404)

    def test_is_only_for_staff_who_may_see_readers(
        self, client: Client, django_user_model: type[User], full_library: None
    ) -> None:
        url = reverse("reader-sees", args=[CHILD])
        assert client.get(url).status_code == 302
        client.force_login(django_user_model.objects.create_user("tom", password="x", is_staff=True))
        assert client.get(url).status_code == 403
        assert client.get(reverse("reader-export", args=[CHILD])).status_code == 403


class TestExport:
    def test_is_a_file_with_everything_that_is_stored(self, admin_client: Client, full_library: None) -> None:
        answer = admin_client.get(reverse("reader-export", args=[CHILD]))
        assert answer["Content-Disposition"] == f'attachment; filename="reader-{CHILD}.json"'
        stored = json.loads(answer.content)
        assert stored["reader"]["key"] == CHILD
        assert stored["events"]
