from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.platform.models import ApiKey
from apps.platform.services.api_keys import PUBLIC_SCOPES, SCOPES

pytestmark = pytest.mark.django_db


class TestCreateApiKey:
    def test_prints_nothing_but_the_secret_where_a_script_reads(self) -> None:
        out, err = StringIO(), StringIO()
        call_command("create_api_key", "shop", "--scope", "search:read", stdout=out, stderr=err)
        assert out.getvalue().startswith("epic_sk_")
        assert out.getvalue().count("\n") == 1
        assert "with 1 scopes" in err.getvalue()

    def test_all_scopes_are_those_of_the_kind_of_key(self) -> None:
        call_command("create_api_key", "server", "--all-scopes", stdout=StringIO(), stderr=StringIO())
        options = ["--all-scopes", "--public", "--origin", "https://library.example"]
        call_command("create_api_key", "page", *options, stdout=StringIO(), stderr=StringIO())
        assert ApiKey.objects.get(name="server").scope_names == set(SCOPES)
        assert ApiKey.objects.get(name="page").scope_names == set(PUBLIC_SCOPES)

    @pytest.mark.parametrize(
        ("options", "bands", "said"),
        [
            ([], (0, None), "shows nothing above 0-5."),
            (["--highest-band", "9-11"], (2, None), "shows nothing above 9-11."),
            (
                ["--highest-band", "adult", "--unproven-band", "0-5"],
                (5, 0),
                "shows nothing above adult, without a reader's token nothing above 0-5.",
            ),
        ],
    )
    def test_says_how_far_a_public_key_reaches(
        self, options: list[str], bands: tuple[int, int | None], said: str
    ) -> None:
        err = StringIO()
        page = ["page", "--all-scopes", "--public", "--origin", "https://library.example", "--events-per-minute", "7"]
        call_command("create_api_key", *page, *options, stdout=StringIO(), stderr=err)
        key = ApiKey.objects.get()
        assert (key.highest_band, key.unproven_band) == bands
        assert key.events_per_minute == 7
        assert said in err.getvalue()

    @pytest.mark.parametrize(
        "options",
        [
            [],
            ["--scope", "search:read", "--public"],
            ["--scope", "jobs:read", "--public", "--origin", "x"],
        ],
    )
    def test_fails_with_one_sentence(self, options: list[str]) -> None:
        with pytest.raises(CommandError, match=r"^A .*\.$"):
            call_command("create_api_key", "shop", *options)
        assert not ApiKey.objects.exists()

    def test_says_that_a_server_key_has_no_unproven_band(self) -> None:
        with pytest.raises(CommandError, match=r"^Only a public key has an unproven band: .*\.$"):
            call_command("create_api_key", "shop", "--scope", "search:read", "--unproven-band", "0-5")
