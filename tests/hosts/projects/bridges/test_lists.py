"""Everybody's tokens of each package, page by page, in the administration and in an access review."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client

if not apps.is_installed("sessions_ui"):
    pytest.skip("without the app there are no bridges", allow_module_level=True)

from bridges.test_bridges import BRIDGES, MAKERS, PASSWORD, a_code, an_oauth_token, renewed
from knox.models import AuthToken
from oauth2_provider.models import get_access_token_model
from oauth2_provider.settings import oauth2_settings

from sessions_ui import decide_access, models, open_access_review

pytestmark = pytest.mark.django_db
LIST = "/admin/sessions_ui/packagecredential/"
NEVER_ENDING = {"authtoken": True, "knox": False, "oauth": True, "simplejwt": False}


@pytest.fixture
def people() -> list[User]:
    return [User.objects.create_user(name, f"{name}@example.org", PASSWORD) for name in ("ada", "bob", "eve")]


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", "boss@example.org", PASSWORD)


def walk(bridge: object, limit: int, **options: object) -> tuple[list[object], list[str]]:
    """What there is, and what each next part was asked for with."""
    found, cursors, after = [], [], None
    while True:
        page = bridge.page(after=after, limit=limit, **options)
        found += page.credentials
        after = page.following
        if after is None:
            return found, cursors
        cursors.append(after)


@pytest.mark.parametrize("package", MAKERS)
@pytest.mark.parametrize("limit", [1, 2, 3, 500])
def test_the_pages_have_what_the_list_has(package: str, limit: int, people: list[User]) -> None:
    held = [MAKERS[package](person) for person in people]
    bridge = BRIDGES[package]
    found, cursors = walk(bridge, limit)
    keys = [person.pk for person in people]
    assert len(found) == 3 and {each.id: each for each in found} == {
        each.id: each for each in bridge.list_of(keys)
    }
    secrets = [secret for each in held for secret in (each.value, each.refresh) if secret]
    parts = {secret[at : at + 12] for secret in secrets for at in range(len(secret) - 11)}
    assert not [cursor for cursor in cursors if any(part in cursor for part in parts)]
    assert {each.user_id for each in walk(bridge, limit, users=keys[:2])[0]} == set(keys[:2])
    assert walk(bridge, limit, users=[]) == ([], [])


@pytest.mark.parametrize("package", MAKERS)
def test_what_never_ends_is_found_by_itself(package: str, people: list[User]) -> None:
    MAKERS[package](people[0])
    found, _cursors = walk(BRIDGES[package], 5, never_ending=True)
    assert bool(found) == NEVER_ENDING[package]
    assert {each.expires_at for each in found} <= {None}


def test_a_knox_token_may_never_end(people: list[User]) -> None:
    AuthToken.objects.create(people[0])
    AuthToken.objects.create(people[0], expiry=None)
    found, _cursors = walk(BRIDGES["knox"], 1, never_ending=True)
    assert [each.expires_at for each in found] == [None]


def test_a_refresh_token_ends_where_the_package_says_so(
    people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth2_settings, "REFRESH_TOKEN_EXPIRE_SECONDS", 3600)
    an_oauth_token(people[0])
    an_oauth_token(people[1])
    bridge = BRIDGES["oauth"]
    assert walk(bridge, 5, never_ending=True)[0] == []
    get_access_token_model().objects.filter(
        user=people[0]
    ).delete()  # nobody knows any more since when it is unused
    (found,) = walk(bridge, 5, never_ending=True)[0]
    assert (found.user_id, found.expires_at) == (people[0].pk, None)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_the_pages_of_oauth_go_from_model_to_model(limit: int, people: list[User]) -> None:
    """A refresh token each, an access token that none stands for, and a code."""
    for person in people:
        an_oauth_token(person)
    lonely = get_access_token_model().objects.get(user=people[1])
    lonely.pk, lonely.token, lonely.source_refresh_token = None, "another", None
    lonely._state.adding = True
    lonely.save()
    a_code(people[0])
    found, _cursors = walk(BRIDGES["oauth"], limit)
    kinds = [each.id.partition(":")[0] for each in found]
    assert kinds == ["RefreshToken"] * 3 + ["AccessToken", "Grant"]
    assert [each.user_id for each in found[:3]] == [person.pk for person in reversed(people)]


@pytest.mark.parametrize("package", MAKERS)
@pytest.mark.parametrize("odd", ["", "x", "\0", "RefreshToken:x", "IDToken:1", "9" * 40, "-1"])
def test_a_place_that_was_never_given_out_raises_nothing(package: str, odd: str, people: list[User]) -> None:
    MAKERS[package](people[0])
    assert BRIDGES[package].page(after=odd, limit=5).following is None


@pytest.mark.parametrize("package", MAKERS)
def test_a_page_costs_no_statement_more_however_many_there_are(
    package: str, people: list[User], django_assert_max_num_queries: object
) -> None:
    for person in people:
        MAKERS[package](person)
    with django_assert_max_num_queries(4):
        assert len(BRIDGES[package].page(after=None, limit=50).credentials) == 3


def test_the_administration_lists_all_of_it(people: list[User], boss: User) -> None:
    for make in MAKERS.values():
        make(people[0])
    browser = Client()
    browser.force_login(boss)
    html = browser.get(LIST).content.decode()
    for package in MAKERS:
        assert f"<td>{package}</td>" in html
    assert "Program" in html and "5 minutes after it has ended" in html
    html = browser.get(LIST, {"never": "1"}).content.decode()
    assert {package for package in MAKERS if f"<td>{package}</td>" in html} == {"authtoken", "oauth"}
    assert "None here." in browser.get(LIST, {"q": "bob"}).content.decode()


@pytest.mark.parametrize("package", MAKERS)
def test_a_line_of_an_access_review_ends_what_it_names(package: str, people: list[User], boss: User) -> None:
    hers, his = MAKERS[package](people[0]), MAKERS[package](people[1])
    review = open_access_review(actor=boss)
    line = models.AccessReviewItem.objects.get(review=review, kind="credential", user_id=people[0].pk)
    assert (line.package, line.expires_at is None) == (package, NEVER_ENDING[package])
    told = repr(models.AccessReviewItem.objects.filter(pk=line.pk).values().get())
    assert hers.value not in told and (not hers.refresh or hers.refresh not in told)
    receipt = decide_access(item=line, actor=boss, decision="end")
    assert receipt.bridged == 1
    if package == "simplejwt":
        assert (renewed(hers), renewed(his)) == (401, 200)
    else:
        assert (hers.use(), his.use()) == (401, 200)
    event = models.Event.objects.get(kind="credentials_ended")
    assert (event.user_id, event.data) == (people[0].pk, {"package": package, "count": 1})
