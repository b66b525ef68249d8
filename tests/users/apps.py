from django.apps import AppConfig


class UsersConfig(AppConfig):
    """User models of other people's projects; one of them is AUTH_USER_MODEL in a run of suite.py."""

    name = "tests.users"
    label = "users"
