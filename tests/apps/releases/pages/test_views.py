import pytest
from django.test import Client
from django.urls import reverse

from epicml.datasets.audit import Finding, Severity
from tests.apps.releases.numbers import KIND, NumberKind, stored_before_numbers
from tests.apps.releases.pages.conftest import Login

pytestmark = pytest.mark.django_db


def detail_page(client: Client, key: str, **query: str) -> str:
    answer = client.get(reverse("release", args=[KIND, key]), query)
    assert answer.status_code == 200
    return answer.content.decode()


class TestReleasesPage:
    def test_says_what_to_do_when_nothing_was_built(self, admin_client: Client, numbers: NumberKind) -> None:
        page = admin_client.get(reverse("releases")).content.decode()
        assert "Nothing was built yet." in page
        assert "Nothing waits for you." in page

    def test_names_what_waits_in_answer_and_sidebar(self, admin_client: Client, numbers: NumberKind) -> None:
        numbers.make(1.0)
        numbers.make(2.0, promote=False)
        page = admin_client.get(reverse("releases")).content.decode()
        assert "1 release waits for you: Numbers 2026-11-24.2." in page
        assert "1 waits" in page

    def test_can_be_narrowed_to_one_kind(self, admin_client: Client, numbers: NumberKind) -> None:
        numbers.make(1.0)
        assert "2026-11-24.1" in admin_client.get(reverse("releases"), {"kind": KIND}).content.decode()
        assert admin_client.get(reverse("releases"), {"kind": "nothing"}).status_code == 404

    @pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, ""])
    def test_takes_any_page_number_without_an_error(self, admin_client: Client, numbers: NumberKind, page: str) -> None:
        assert admin_client.get(reverse("releases"), {"page": page}).status_code == 200


class TestReleasePage:
    def test_is_not_there_for_an_unknown_key_or_kind(self, admin_client: Client, numbers: NumberKind) -> None:
        assert admin_client.get(reverse("release", args=[KIND, "2026-11-24.9"])).status_code == 404
        assert admin_client.get(reverse("release", args=["nothing", "2026-11-24.1"])).status_code == 404

    def test_of_a_passed_release_offers_to_promote_it(self, admin_client: Client, numbers: NumberKind) -> None:
        key = numbers.make(1.0, promote=False).key
        page = detail_page(admin_client, key)
        assert "Yes. It breaks no rule" in page
        assert reverse("release-promote", args=[KIND, key]) in page
        assert "Waits for you" in page

    def test_of_a_refused_release_gives_both_numbers_and_no_way_to_promote(
        self, admin_client: Client, numbers: NumberKind
    ) -> None:
        key = numbers.make(-1.0).key
        page = detail_page(admin_client, key)
        assert "No. It is below 0." in page
        assert "(required: at least 0)" in page
        assert 'aria-disabled="true"' in page
        assert "Refused by the gate: positive" in page
        assert reverse("release-promote", args=[KIND, key]) not in page

    def test_of_a_release_that_was_stored_in_sentences_shows_them(
        self, admin_client: Client, numbers: NumberKind
    ) -> None:
        key = numbers.make(-1.0).key
        stored_before_numbers(key)
        page = detail_page(admin_client, key)
        assert "lists, no error" in page
        assert "at least 0" in page
        assert "Failed" in page

    def test_of_a_live_release_says_since_when(self, admin_client: Client, numbers: NumberKind) -> None:
        page = detail_page(admin_client, numbers.make(1.0).key)
        assert "Yes. It is the live one since 24 Nov 2026, 12:00 UTC." in page
        assert "Promote…" not in page

    def test_of_a_retired_release_offers_to_roll_back_to_it(self, admin_client: Client, numbers: NumberKind) -> None:
        first = numbers.make(1.0).key
        numbers.make(2.0)
        assert reverse("release-roll-back", args=[KIND, first]) in detail_page(admin_client, first)

    def test_of_what_was_compared_with_another_one_says_so(self, admin_client: Client, numbers: NumberKind) -> None:
        numbers.make(1.0)
        early = numbers.make(2.0, promote=False).key
        numbers.make(3.0)
        page = detail_page(admin_client, early)
        assert "Not any more." in page
        assert "build it again" in page

    def test_of_a_failed_build_says_what_went_wrong(self, admin_client: Client, numbers: NumberKind) -> None:
        numbers.build_error = RuntimeError("the disk is full")
        with pytest.raises(RuntimeError):
            numbers.make(1.0)
        page = detail_page(admin_client, "2026-11-24.1")
        assert "No. It was not finished." in page
        assert "the disk is full" in page
        assert "There is no report." in page

    def test_of_data_that_the_audit_refuses_lists_the_findings(self, admin_client: Client, numbers: NumberKind) -> None:
        numbers.findings = [Finding(Severity.STOP, "value", "Half of the ratings are 0", 0.5, 12, ("0",), "refused")]
        page = detail_page(admin_client, numbers.make(1.0).key)
        assert "No. The data it was to be built from are refused." in page
        assert "Half of the ratings are 0" in page
        assert "50.0\u202f% (12)" in page

    def test_shows_no_buttons_to_who_may_only_look(self, login: Login, numbers: NumberKind) -> None:
        page = detail_page(login("releases.view_release"), numbers.make(1.0, promote=False).key)
        assert "Promote…" not in page
        assert "ask for the permission" in page

    def test_is_refused_without_the_permission(self, login: Login, numbers: NumberKind) -> None:
        key = numbers.make(1.0).key
        assert login().get(reverse("release", args=[KIND, key])).status_code == 403

    def test_sends_an_anonymous_visitor_to_the_login(self, client: Client, numbers: NumberKind) -> None:
        key = numbers.make(1.0).key
        assert client.get(reverse("release", args=[KIND, key])).status_code == 302


class TestReportCsv:
    def test_holds_each_measure_in_full_precision(self, admin_client: Client, numbers: NumberKind) -> None:
        key = numbers.make(1 / 3).key
        answer = admin_client.get(reverse("release-report-csv", args=[KIND, key]))
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        rows = answer.content.decode().splitlines()
        assert rows[0].startswith("measure,title,against,champion,challenger")
        assert rows[1].startswith("number,Number,champion,,0.3333333333333333,score")
        assert rows[1].endswith("at least 0,passed")

    def test_holds_what_was_stored_in_sentences(self, admin_client: Client, numbers: NumberKind) -> None:
        key = numbers.make(-1.0).key
        stored_before_numbers(key)
        answer = admin_client.get(reverse("release-report-csv", args=[KIND, key]))
        assert answer.content.decode().splitlines()[1:] == [
            "number,Number,champion,2.0,-1.0,score,,,,40,,,,,at least 0,failed"
        ]
