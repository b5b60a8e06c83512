import getpass
from argparse import ArgumentParser, ArgumentTypeError

import pytest
from django.core.management import CommandError, call_command

from apps.platform.services.deciding import add_decider, decider

COMMANDS = [
    ("promote_release", "search_index", "1", "--why", "better"),
    ("purge_events", "--accept", "--why", "old"),
    ("purge_lists", "--accept", "--why", "old"),
    ("purge_sessions", "--accept", "--why", "old"),
    ("rebuild_search_index",),
    ("rollback_release", "search_index", "--why", "worse"),
    ("train_recommender",),
]
WRONG = ["", "   ", "x" * 151, "\udcff", "Ada\nLovelace", "\x1b[2J"]


class TestDecider:
    @pytest.mark.parametrize("name", ["Ada", "Ada Lovelace", "李", "x" * 150])
    def test_is_a_name(self, name: str) -> None:
        assert decider(f" {name} ") == name

    @pytest.mark.parametrize("name", WRONG, ids=ascii)
    def test_is_nobody_who_cannot_be_kept(self, name: str) -> None:
        with pytest.raises(ArgumentTypeError, match="must be a name of 1 to 150 characters"):
            decider(name)

    @pytest.mark.parametrize("name", WRONG[:3], ids=ascii)
    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
    def test_is_asked_for_by_every_command_before_it_does_anything(self, command: tuple[str, ...], name: str) -> None:
        with pytest.raises(CommandError, match="argument --by: must be a name of 1 to 150 characters"):
            call_command(*command, "--by", name)

    @pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 12345"), OSError("No username set")])
    def test_must_be_said_where_the_user_has_no_name(
        self, error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def nobody() -> str:
            raise error

        monkeypatch.setattr(getpass, "getuser", nobody)
        parser = ArgumentParser()
        add_decider(parser, does="builds")
        assert parser.parse_args(["--by", "Ada"]).by == "Ada"
        with pytest.raises(SystemExit):
            parser.parse_args([])
        assert "argument --by: must be a name of 1 to 150 characters, not ''" in capsys.readouterr().err
