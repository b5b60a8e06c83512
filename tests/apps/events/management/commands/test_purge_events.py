from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.events.models import Event, ServedList
from apps.events.services.lists import NewList, flush_lists, serve_list
from apps.events.services.retention import RULES
from apps.jobs.models import Purge
from epicml.audience.bands import AgeBand
from tests.apps.events.services.test_retention import happened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


@pytest.fixture(autouse=True)
def events(shop: None) -> None:
    happened([*range(40), *range(1000, 1060)], now=timezone.now())


def run(*arguments: str, rule: str = "events") -> str:
    out = StringIO()
    call_command(f"purge_{rule}", *arguments, stdout=out)
    return out.getvalue()


class TestPurgeEvents:
    def test_alone_erases_nothing_and_says_what_would_go(self) -> None:
        said = run()

        before = timezone.now() - timedelta(days=761)
        assert said.startswith(f"60 of 100 events happened before {before:%Y-%m-%d} ")
        assert "That is 60% of all; the most in one purge of the last 30 days was 0." in said
        assert said.endswith("Nothing was erased. To keep events longer, set EVENTS_KEPT_DAYS.\n")
        assert (Event.objects.count(), Purge.objects.count()) == (100, 0)

    def test_accepted_with_a_reason_erases(self) -> None:
        said = run("--accept", "--why", "imported history is not needed", "--by", "ada")

        assert "Events erased: 60 in " in said
        assert Event.objects.count() == 40
        assert (Purge.objects.get().decided_by, Purge.objects.get().why) == ("ada", "imported history is not needed")

    @pytest.mark.parametrize("why", [[], ["--why", " "]])
    def test_accepted_without_a_reason_erases_nothing(self, why: list[str]) -> None:
        with pytest.raises(CommandError, match="Say why so much may be erased"):
            run("--accept", *why)

        assert Event.objects.count() == 100


class TestPurgeOfEachRule:
    @pytest.mark.parametrize("rule", RULES)
    def test_has_the_command_that_readiness_names(self, rule: str) -> None:
        assert run(rule=rule).endswith(f"Nothing was erased. To keep {rule} longer, set {rule.upper()}_KEPT_DAYS.\n")

    def test_erases_its_own_rows_alone(self) -> None:
        now = timezone.now()
        for days in (0, 100):
            serve_list(NewList("home", AgeBand.ADULT, []), now=now - timedelta(days=days))
        flush_lists()

        assert "1 of 2 served lists were stored before" in run(rule="lists")
        assert "Lists erased: 1 in " in run("--accept", "--why", "they are old", rule="lists")
        assert (ServedList.objects.count(), Event.objects.count()) == (1, 100)
