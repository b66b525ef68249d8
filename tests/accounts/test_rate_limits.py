"""Limits by address: the site's own hold, each client has a count of its own, and the suite does without them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, islice
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

import accounts.urls
from accounts.signing_in.limits import COUNTED
from config.demo.factor import current_code
from sessions_ui.conf import conf
from tests.accounts.conftest import SECRET
from tests.accounts.credential_views import names_in
from tests.aging import long_ago
from tests.conftest import PASSWORD
from tests.models import Device

PROXY, ADA, THIEF = "10.0.0.7", "203.0.113.5", "198.51.100.9"
SIGN_INS = 30  # of one address in a minute: what the site allows by default


@pytest.fixture
def two_failures_per_address(rate_limits: Callable[..., None]) -> None:
    rate_limits(login_failed="2/m/ip")


def fail(here: Any, times: int = 1) -> str:
    """The last answer to so many wrong passwords, each for another account."""
    for number in range(times):
        response = here.post(
            reverse("account_login"), {"login": f"{number}@people.example", "password": "wrong"}
        )
    return str(response.context["form"].errors)


@pytest.mark.django_db
def test_no_test_is_limited_however_fast_its_sign_ins_come(browser: Any, user: Any) -> None:
    for _ in range(SIGN_INS + 10):
        browser().sign_in(user)


@pytest.mark.django_db
@pytest.mark.usefixtures("rate_limits")
def test_the_site_limits_the_sign_ins_of_one_address(browser: Any, user: Any) -> None:
    for _ in range(SIGN_INS):
        browser().sign_in(user)
    form = {"login": user.email, "password": PASSWORD}
    assert browser().post(reverse("account_login"), form).status_code == 429
    assert browser(address=ADA).post(reverse("account_login"), form).status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_test_with_real_transactions_leaves_nothing_in_the_cache(turn: str) -> None:
    assert cache.get("left-behind") is None
    cache.set("left-behind", turn)


@pytest.mark.control("SOC 2 CC6.6")
@pytest.mark.django_db
@pytest.mark.usefixtures("two_failures_per_address")
def test_too_many_failures_from_one_address_are_stopped(browser: Any) -> None:
    here = browser(address=THIEF)
    assert "Too many" not in fail(here, 2)
    assert "Too many" in fail(here)


@pytest.mark.django_db
@pytest.mark.usefixtures("two_failures_per_address")
def test_another_address_has_its_own_count(browser: Any) -> None:
    fail(browser(address=THIEF), 3)
    assert "Too many" not in fail(browser(address=ADA))


@pytest.mark.django_db
@pytest.mark.usefixtures("two_failures_per_address")
def test_behind_a_trusted_proxy_each_client_has_its_own_count(browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TRUSTED_PROXIES": [f"{PROXY}/32"]}
    thief = browser(address=PROXY, HTTP_X_FORWARDED_FOR=THIEF)
    ada = browser(address=PROXY, HTTP_X_FORWARDED_FOR=ADA)
    assert "Too many" in fail(thief, 3)
    assert "Too many" not in fail(ada)


@pytest.mark.django_db
@pytest.mark.usefixtures("two_failures_per_address")
def test_a_client_cannot_choose_its_address(browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TRUSTED_PROXIES": [f"{PROXY}/32"]}
    answers = [
        fail(browser(address=PROXY, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}, {THIEF}")) for number in range(3)
    ]
    assert "Too many" in answers[-1]


@pytest.mark.django_db
@pytest.mark.usefixtures("two_failures_per_address")
def test_the_word_of_an_untrusted_proxy_counts_for_nothing(browser: Any) -> None:
    answers = [fail(browser(address=PROXY, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")) for number in range(3)]
    assert "Too many" in answers[-1]


@pytest.mark.django_db
@pytest.mark.usefixtures("two_failures_per_address")
def test_the_addresses_of_one_ipv6_network_share_a_count(browser: Any) -> None:
    """A client has 2^64 of them."""
    answers = [fail(browser(address=f"2001:db8:1:2::{number}")) for number in range(3)]
    assert "Too many" in answers[-1]
    assert "Too many" not in fail(browser(address="2001:db8:1:3::1"))


def wrong(here: Any, user: Any, times: int) -> str:
    """The last answer to so many wrong passwords for this account."""
    for _ in range(times):
        response = here.post(reverse("account_login"), {"login": user.email, "password": "wrong"})
    return str(response.context["form"].errors)


@pytest.mark.django_db
@pytest.mark.usefixtures("rate_limits")
def test_a_thief_who_guesses_the_password_does_not_keep_the_owner_out(browser: Any, user: Any) -> None:
    thief = browser(address=THIEF)
    assert "Too many" not in wrong(thief, user, 5)
    assert "Too many" in wrong(thief, user, 1), "who guesses has five tries in five minutes"
    browser(address=ADA).sign_in(user)


@pytest.mark.django_db
@pytest.mark.usefixtures("rate_limits")
def test_the_port_in_the_host_header_gives_nobody_more_tries(browser: Any, user: Any) -> None:
    thief = browser(address=THIEF)
    wrong(thief, user, 5)
    assert "Too many" in wrong(browser(address=THIEF, HTTP_HOST="testserver:8443"), user, 1)


@pytest.mark.django_db
def test_from_many_networks_nobody_guesses_for_ever(
    rate_limits: Callable[..., None], browser: Any, user: Any
) -> None:
    rate_limits(login_failed="5/5m/key", login_failed_anywhere="12/h/key")
    answers = [wrong(browser(address=f"198.51.100.{number}"), user, 5) for number in range(3)]
    assert ["Too many" in answer for answer in answers] == [False, False, True]


@pytest.mark.django_db
def test_sign_ins_that_succeed_use_up_no_try(
    rate_limits: Callable[..., None], browser: Any, user: Any
) -> None:
    rate_limits(login_failed="3/5m/key", login_failed_anywhere="3/h/key", login="100/m/ip")
    for _ in range(5):
        browser(address=ADA).sign_in(user)
    assert "Too many" not in wrong(browser(address=ADA), user, 3)


@pytest.fixture
def used_up(rate_limits: Callable[..., None], browser: Any, user: Any) -> Callable[[], None]:
    """Somebody who knows the address uses up all tries of the account, from many networks."""
    rate_limits(
        login_failed="100/m/ip,5/5m/key", login_failed_anywhere="12/h/key", login_failed_known="3/h/key"
    )

    networks = count()

    def use_up() -> None:
        for number in islice(networks, 3):
            last = wrong(browser(address=f"2001:db8:{number}::1"), user, 5)
        assert "Too many" in last

    return use_up


def signs_in(here: Any, user: Any, password: str = PASSWORD) -> bool:
    here.cookies.pop("sessionid", None)
    answer = here.post(reverse("account_login"), {"login": user.email, "password": password})
    return bool(answer.status_code == 302)


@pytest.mark.django_db
def test_nobody_keeps_the_owner_out_of_a_known_device_by_an_address_alone(
    used_up: Callable[[], None], browser: Any, user: Any, other_user: Any
) -> None:
    owner, neighbour = browser(address=ADA), browser(address=THIEF)
    owner.sign_in(user)
    neighbour.sign_in(other_user)
    used_up()
    assert not signs_in(browser(address=ADA), user), "who it is on a new device is not known"
    assert not signs_in(neighbour, user), "a device of another account is none of this one"
    assert [signs_in(owner, user) for _ in range(5)] == [True] * 5
    owner.cookies.pop("sessionid", None)
    assert "Too many" not in wrong(owner, user, 3)
    assert "Too many" in wrong(owner, user, 1), "it has tries of its own, and no more"


@pytest.mark.django_db
@pytest.mark.parametrize("mark", ["lost_at", "copied_at", "not_me_at"])
def test_a_device_in_doubt_has_no_tries_of_its_own(
    mark: str, used_up: Callable[[], None], browser: Any, user: Any
) -> None:
    owner = browser(address=ADA)
    owner.sign_in(user)
    Device.objects.update(**{mark: timezone.now()})
    used_up()
    assert not signs_in(owner, user)


@pytest.mark.django_db
def test_a_cookie_that_was_replaced_has_no_tries_of_its_own(
    used_up: Callable[[], None], browser: Any, user: Any
) -> None:
    owner = browser(address=ADA)
    owner.sign_in(user)
    name = conf.device_cookie_name
    noted = owner.cookies[name].value
    assert signs_in(owner, user) and signs_in(owner, user)
    thief = browser(address=ADA)
    thief.cookies[name] = noted
    used_up()
    assert not signs_in(thief, user)
    assert signs_in(owner, user)


@pytest.mark.django_db
def test_nobody_keeps_the_owner_out_after_a_reset_by_mail(
    used_up: Callable[[], None], browser: Any, user: Any
) -> None:
    laptop = browser(address=ADA)
    used_up()
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    page = laptop.get(reverse("account_reset_password_from_key", args=key.split("-", 1))).url
    assert laptop.post(page, {"password1": NEW, "password2": NEW}).status_code == 302
    used_up()
    assert not signs_in(browser(address=THIEF), user, NEW)
    assert signs_in_here(laptop, user, NEW)


def signs_in_here(here: Any, user: Any, password: str) -> bool:
    answer = here.post(reverse("account_login"), {"login": user.email, "password": password})
    return bool(answer.status_code == 302)


@pytest.mark.django_db
def test_a_thief_with_the_password_does_not_use_up_the_codes_of_a_known_device(
    rate_limits: Callable[..., None], browser: Any, user: Any, app_code: Callable[[], str]
) -> None:
    rate_limits(login_failed="100/m/ip,2/h/key", login_failed_known="3/h/key")
    code = {"code": app_code()}
    owner = browser(address=ADA)
    owner.sign_in(user)
    owner.cookies.pop("sessionid")
    TOTP.activate(user, SECRET)
    thief, laptop = browser(address=THIEF), browser(address="203.0.113.77")
    page = reverse("mfa_authenticate")
    for one in (owner, thief, laptop):
        assert signs_in_here(one, user, PASSWORD)
    for _ in range(3):
        refused = thief.post(page, {"code": "000000"})
    assert is_held_up(refused) and is_held_up(laptop.post(page, code))
    assert owner.post(page, code).status_code == 302


@pytest.mark.django_db
@pytest.mark.usefixtures("rate_limits")
def test_a_thief_in_a_stolen_session_does_not_keep_the_owner_from_confirming(browser: Any, user: Any) -> None:
    owner = browser(address=ADA)
    owner.sign_in(user)
    thief = browser(address=THIEF)
    thief.cookies.load(owner.cookies.output(header=""))
    page = reverse("account_reauthenticate")
    answers = [thief.post(page, {"password": "wrong"}).status_code for _ in range(12)]
    assert answers[-1] != 302
    assert owner.post(page, {"password": PASSWORD}).status_code == 302


@pytest.mark.django_db
def test_four_hundred_other_counts_do_not_make_the_site_forget_one(
    two_failures_per_address: None, browser: Any
) -> None:
    """The database cache of Django has 300 rows by default, and throws a third of them away beyond that."""
    here = browser(address=THIEF)
    fail(here, 2)
    for number in range(400):
        cache.set(f"allauth:rl:{number}", [1.0], 300)
    assert "Too many failed login attempts" in fail(here)


NEW = "seven brown cows on a hill"
GUESSES: dict[str, tuple[str, dict[str, str], Callable[[], dict[str, str]]]] = {
    "the password": ("account_reauthenticate", {"password": "wrong"}, lambda: {"password": PASSWORD}),
    "the code": ("mfa_reauthenticate", {"code": "000000"}, lambda: {"code": current_code(SECRET)}),
    "the old password": (
        "account_change_password",
        {"oldpassword": "wrong", "password1": NEW, "password2": NEW},
        lambda: {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
    ),
    "addresses": (
        "account_email",
        {"action_send": "", "email": "nobody@people.example"},
        lambda: {"action_send": "", "email": "ada@people.example"},
    ),
}


@pytest.fixture
def two_tries_an_account(rate_limits: Callable[..., None]) -> None:
    rate_limits(
        reauthenticate="2/h/user",
        change_password="2/h/user",
        manage_email="2/h/user",
        login_failed="100/m/ip,2/h/key",
        settled="3/h/key",
    )


def with_app(browser: Any, user: Any, address: str) -> Any:
    client = browser(address=address)
    client.force_login(user)
    return client


@pytest.mark.django_db
@pytest.mark.usefixtures("two_tries_an_account")
@pytest.mark.parametrize("what", GUESSES)
def test_a_thief_who_is_signed_in_does_not_use_up_the_tries_of_a_settled_device(
    what: str, browser: Any, user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "CREDENTIAL_GUARD": False,
    }  # whoever guesses gets that far
    name, wrong_answer, right_answer = GUESSES[what]
    TOTP.activate(user, SECRET)
    owner = with_app(browser, user, ADA)
    long_ago(user)
    thief, laptop = with_app(browser, user, THIEF), with_app(browser, user, ADA)
    for _ in range(4):
        refused = thief.post(reverse(name), wrong_answer)
    assert is_held_up(refused)
    assert is_held_up(laptop.post(reverse(name), right_answer())), "on a new device who it is is not known"
    assert owner.post(reverse(name), right_answer()).status_code == 302


@pytest.mark.django_db
@pytest.mark.usefixtures("two_tries_an_account")
@pytest.mark.parametrize("what", ["the old password", "addresses"])
def test_a_settled_device_has_its_own_tries_and_no_more(what: str, browser: Any, user: Any) -> None:
    name, wrong_answer, _right = GUESSES[what]
    owner = with_app(browser, user, ADA)
    long_ago(user)
    answers = [is_held_up(owner.post(reverse(name), wrong_answer)) for _ in range(6)]
    assert answers == [False] * 4 + [True] * 2, "three of its own, and what is left of the account's"


def is_held_up(response: Any) -> bool:
    """By a page of its own, or by the form."""
    return response.status_code == 429 or "Too many" in response.content.decode()


def test_the_pages_that_are_counted_are_there() -> None:
    assert COUNTED.keys() <= {*names_in(accounts.urls.urlpatterns)}
