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
        "options", [[], ["--scope", "search:read", "--public"], ["--scope", "jobs:read", "--public", "--origin", "x"]]
    )
    def test_fails_with_one_sentence(self, options: list[str]) -> None:
        with pytest.raises(CommandError, match=r"^A .*\.$"):
            call_command("create_api_key", "shop", *options)
        assert not ApiKey.objects.exists()
