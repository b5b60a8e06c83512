import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from apps.platform.pages.middleware import (
    PageAuthenticationMiddleware,
    PageMessageMiddleware,
    PageSessionMiddleware,
)


class TestPagesOnly:
    @pytest.mark.parametrize(
        ("path", "has_session"), [("/admin/", True), ("/", True), ("/metrics", True), ("/api/v1/suggest", False)]
    )
    def test_a_request_of_the_api_gets_neither_session_nor_user_nor_messages(
        self, path: str, has_session: bool
    ) -> None:
        seen: list[bool] = []

        def answer(request: HttpRequest) -> HttpResponse:
            seen.extend(hasattr(request, name) for name in ("session", "user", "_messages"))
            return HttpResponse()

        chain = PageSessionMiddleware(PageAuthenticationMiddleware(PageMessageMiddleware(answer)))
        chain(RequestFactory().get(path))
        assert seen == [has_session] * 3

    @pytest.mark.django_db
    def test_being_logged_in_opens_the_pages_and_not_the_api(self, client: Client) -> None:
        client.force_login(User.objects.create_superuser("ada"))

        assert client.get("/admin/").status_code == 200
        assert client.get("/api/v1/suggest", {"q": "a"}).status_code == 401
