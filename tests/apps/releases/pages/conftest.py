from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

Login = Callable[..., Client]


@pytest.fixture
def login(client: Client, django_user_model: type[User]) -> Login:
    """Log in as staff with these permissions: login("releases.view_release")."""

    def make(*permissions: str) -> Client:
        user = django_user_model.objects.create_user("tom", password="x", is_staff=True)
        for permission in permissions:
            app, name = permission.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=name))
        client.force_login(user)
        return client

    return make
