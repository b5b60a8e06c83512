"""Bulk actions of the staff site, as a person does them: choose, read the page that asks, confirm it."""

import html
import re
from collections.abc import Sequence
from typing import Any

from django.test import Client

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
QUESTION = re.compile(r'id="confirm-title">([^<]+)<')
TO = re.compile(r'<form class="e-panel-body e-form" method="post" action="([^"]*)"')


def ask(client: Client, url: str, action: str, chosen: Sequence[Any], *, across: bool = False) -> Any:
    """The page that asks."""
    form = {"action": action, "_selected_action": chosen, "select_across": "1" if across else "0", "index": "0"}
    return client.post(url, form)


def question(page: Any) -> str:
    """What the page asks."""
    found = QUESTION.search(page.text)
    assert found, page.text[:2000]
    return html.unescape(found[1])


def confirm(client: Client, page: Any, typed: str = "", *, follow: bool = True) -> Any:
    """The answer to the page's button."""
    to = TO.search(page.text)
    assert to, page.text[:2000]
    form: dict[str, list[str]] = {}
    for name, value in FIELD.findall(page.text):
        form.setdefault(name, []).append(html.unescape(value))
    form.pop("csrfmiddlewaretoken", None)
    return client.post(html.unescape(to[1]), {**form, "typed": typed}, follow=follow)


def do(client: Client, url: str, action: str, chosen: Sequence[Any], *, typed: str = "") -> Any:
    """Chosen, asked and confirmed."""
    return confirm(client, ask(client, url, action, chosen), typed)
