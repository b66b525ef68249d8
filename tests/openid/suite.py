"""Run by test_allauth.py: people sign in by way of a real provider, and sign out there."""

from __future__ import annotations

import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client, TestCase, override_settings
from django.urls import reverse
from django.utils import timezone

import accounts.urls
from accounts.credentials.store import AllauthCredentials
from config.demo.factor import current_code
from sessions_ui import context
from sessions_ui.actions.recovery.added import added_since
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.actions.recovery.steps import remove_added
from sessions_ui.exceptions import AccountFrozen, FurtherProofNeeded
from sessions_ui.models import Delivery, EndReason, Event, Recovery, Session
from sessions_ui.store import SessionStore
from tests.accounts.credential_views import OTHERS, SHOWS, WRITES, names_in
from tests.aging import long_ago
from tests.openid.provider import CLIENT, Key, Provider, running

DEVICES = "/account/devices/"
PAGE = {"Accept": "text/html"}
KEY = Key("RS256")


class SignInByProvider(TestCase):
    provider: Provider

    def setUp(self) -> None:
        self.provider = self.enterContext(running(KEY))
        issuer = self.provider.issuer
        self.provider.answers["/.well-known/openid-configuration"] |= {
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
        }
        self.provider.answers["/userinfo"] = lambda handler: handler.answer(self.userinfo())
        self.provider.answers["/token"] = lambda handler: handler.answer(
            {"access_token": "a", "token_type": "bearer", "expires_in": 60, "id_token": self.id_token()}
        )
        app = {"provider_id": "corp", "name": "Example ID", "client_id": CLIENT, "secret": "s"}
        apps = [{**app, "settings": {"server_url": issuer}}]
        self.enterContext(
            override_settings(
                SOCIALACCOUNT_PROVIDERS={"openid_connect": {"APPS": apps}},
                SESSIONS_UI={**settings.SESSIONS_UI, "PROVIDERS": {"corp": self.provider.settings()}},
            )
        )
        self.sid = "s1"

    def userinfo(self) -> dict[str, Any]:
        return {"sub": "ada-7", "email": "ada@people.example", "email_verified": True}

    def id_token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.provider.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "sid": self.sid}
        return self.provider.key.sign({**claims, **self.userinfo()}, typ="JWT")

    def come_back(self, browser: Client, how: str = "") -> Any:
        """To the provider and back again."""
        there = browser.post(f"/account/oidc/corp/login/{how}")
        state = parse_qs(urlsplit(there["Location"]).query)["state"][0]
        return browser.get("/account/oidc/corp/login/callback/", {"code": "c", "state": state})

    def sign_in(self, sid: str) -> Client:
        self.sid, browser = sid, Client()
        self.assertEqual(self.come_back(browser).status_code, 302)
        self.assertEqual(browser.get(DEVICES).status_code, 200)
        return browser

    def sign_out_there(self, **claims: Any) -> None:
        token = self.provider.logout_token(**claims)
        answer = Client().post(f"{DEVICES}provider-sign-out/", {"logout_token": token})
        self.assertEqual(answer.status_code, 200, answer.content)

    def test_the_session_knows_who_they_are_there_and_the_page_says_what_it_cannot_do(self) -> None:
        browser = self.sign_in("s1")
        session = Session.objects.living().get()
        self.assertEqual(
            (session.provider, session.iss, session.sub, session.sid, session.method),
            ("corp", self.provider.issuer, "ada-7", "s1", "corp"),
        )
        page = browser.get(DEVICES)
        self.assertContains(page, "with Example ID")
        self.assertContains(page, "This doesn’t sign you out of Example ID.")

    def test_a_sign_out_there_is_one_here_in_that_browser_only(self) -> None:
        laptop, phone = self.sign_in("s1"), self.sign_in("s2")
        self.sign_out_there(sub="ada-7", sid="s1")
        self.assertEqual(laptop.get(DEVICES).status_code, 302)
        self.assertEqual(phone.get(DEVICES).status_code, 200)
        self.sign_out_there(sub="ada-7")
        self.assertEqual(phone.get(DEVICES).status_code, 302)

    def test_what_was_connected_since_a_reported_sign_in_lets_nobody_in_and_goes(self) -> None:
        self.sign_in("s1")
        user, now = get_user_model().objects.get(), timezone.now()
        case = open_recovery(user=user, since=now - timedelta(hours=1), opened_by=Recovery.OpenedBy.MAIL)
        self.assertFalse(case.needs_password)
        browser = Client()
        self.come_back(browser)
        self.assertEqual(browser.get(DEVICES).status_code, 302)
        connected = SocialAccount.objects.filter(user=user)
        connected.update(date_joined=now - timedelta(days=90))
        self.sign_in("s2")
        connected.update(date_joined=now)
        chosen = [f"provider:{connected.get().pk}"]
        self.assertIn(chosen[0], [one.key for one in added_since(case, user)])
        remove_added(recovery=case, user=user, chosen=chosen)
        self.assertFalse(connected.exists())

    def test_a_row_that_is_another_account_by_now_is_as_old_as_that_and_told(self) -> None:
        self.sign_in("s1")
        user = get_user_model().objects.get()
        SocialAccount.objects.update(date_joined=timezone.now() - timedelta(days=90))
        connected, before = SocialAccount.objects.get(), len(self.told())
        connected.uid = "somebody-else"
        connected.save(update_fields=["uid"])
        (since,) = [one.since for one in AllauthCredentials().of(user) if one.kind == "provider"]
        self.assertLess(timezone.now() - since, timedelta(minutes=1))
        self.assertEqual(self.told()[before:], [("provider", "changed")])

    def test_nothing_is_connected_or_taken_away_while_the_account_is_being_recovered(self) -> None:
        self.sign_in("s1")
        user = get_user_model().objects.get()
        since = timezone.now() - timedelta(hours=1)
        open_recovery(user=user, since=since, opened_by=Recovery.OpenedBy.MAIL)
        connected = SocialAccount.objects.get()
        acting = SimpleNamespace(session_id=None, user_id=user.pk, impersonator_id=None)
        token = context.begin(context.Acting(acting))
        self.addCleanup(context.finish, token)
        connected.extra_data = {"name": "Ada"}
        connected.save()  # as at each sign-in
        for change in (
            lambda: SocialAccount.objects.create(user=user, provider="corp", uid="another"),
            connected.delete,
        ):
            with self.assertRaises(AccountFrozen), transaction.atomic():
                change()

    def test_who_signs_in_with_a_password_belongs_to_no_provider(self) -> None:
        self.sign_in("s1")
        user = get_user_model().objects.get()
        user.set_password("correct horse battery staple")
        user.save()
        browser = Client()
        browser.post("/account/login/", {"login": user.email, "password": "correct horse battery staple"})
        self.assertEqual(Session.objects.living().get().provider, "")

    def told(self) -> list[tuple[str, str]]:
        """What the mails about changed ways to sign in are about."""
        mails = Delivery.objects.filter(event__kind=Event.Kind.CREDENTIAL_CHANGED).order_by("pk")
        return [(data["credential"], data["change"]) for data in mails.values_list("event__data", flat=True)]

    def test_a_provider_that_is_connected_later_is_told_and_not_the_one_of_the_sign_up(self) -> None:
        self.sign_in("s1")
        self.assertEqual(self.told(), [])
        user = get_user_model().objects.get()
        other = SocialAccount.objects.create(user=user, provider="other", uid="7")
        other.save()
        self.sign_in("s2")
        other.delete()
        self.assertEqual(self.told(), [("provider", "added"), ("provider", "removed")])

    def connects(self, browser: Client) -> bool:
        """Connect what is signed in there to the account that is signed in here; return whether nothing was asked."""
        browser.post("/account/reauthenticate/", {"password": "x"})
        return not self.is_asked(self.come_back(browser, "?process=connect"))

    def is_asked(self, answer: Any) -> bool:
        """Return whether the answer leads to the question for one more proof, or is that question."""
        return answer.status_code == 403 or answer.get("Location", "").startswith(
            reverse("sessions_ui:prove")
        )

    def test_only_a_settled_session_connects_an_account_or_disconnects_one(self) -> None:
        user = get_user_model().objects.create_user("ada@people.example", "x")
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        owner, thief = Client(headers=PAGE), Client(headers=PAGE)
        owner.force_login(user)
        long_ago(user)
        thief.force_login(user)
        self.assertFalse(self.connects(thief))
        self.assertFalse(SocialAccount.objects.exists())
        self.assertTrue(self.connects(owner))
        account = SocialAccount.objects.get()
        connections = reverse("socialaccount_connections")
        self.assertEqual(thief.get(connections).status_code, 200)
        self.assertTrue(self.is_asked(thief.post(connections, {"account": account.pk})))
        self.assertTrue(SocialAccount.objects.exists())
        owner.post(connections, {"account": account.pk})
        self.assertFalse(SocialAccount.objects.exists())

    def test_the_row_itself_is_guarded_without_the_page(self) -> None:
        user = get_user_model().objects.create_user("ada@people.example", "x")
        account = SocialAccount.objects.create(user=user, provider="corp", uid="ada-7")
        Client().force_login(user)
        long_ago(user)
        thief = Client()
        thief.force_login(user)
        acting = context.begin(context.Acting(SessionStore(thief.session.session_key)))
        try:
            account.extra_data = {"what": "the provider says at each sign-in"}
            account.save()
            account.uid = "thief"
            self.assertRaises(FurtherProofNeeded, account.save)
            with self.assertRaises(FurtherProofNeeded), transaction.atomic():
                account.delete()
        finally:
            context.finish(acting)
        self.assertEqual(SocialAccount.objects.get().uid, "ada-7")

    def test_every_view_of_sign_in_providers_is_known(self) -> None:
        names = {*names_in(accounts.urls.urlpatterns)} - WRITES.keys() - SHOWS - OTHERS
        pages = {"login_cancelled", "login_error", "signup", "connections"}
        by_provider = {"openid_connect_login", "openid_connect_callback"}
        self.assertEqual(
            names - {"None"}, {f"socialaccount_{page}" for page in pages} | by_provider, "new ones may write"
        )

    def with_second_factor(self) -> str:
        """Ada, who has signed in before and uses an authenticator; returns its secret."""
        user = get_user_model().objects.create_user("ada@people.example")
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        SocialAccount.objects.create(user=user, provider="corp", uid="ada-7")
        secret = totp.generate_totp_secret()
        totp.TOTP.activate(user, secret)
        return secret

    def enter_code(self, browser: Client, secret: str) -> Any:
        with override_settings(MFA_TOTP_TOLERANCE=20):
            return browser.post("/account/2fa/authenticate/", {"code": current_code(secret)})

    def test_the_provider_is_known_after_a_second_factor(self) -> None:
        secret, browser = self.with_second_factor(), Client()
        self.assertIn("2fa", self.come_back(browser)["Location"])
        self.assertFalse(Session.objects.living().exists())
        self.enter_code(browser, secret)
        self.assertEqual(Session.objects.living().get().sid, "s1")

    def test_a_sign_out_there_while_the_second_factor_is_asked_for_counts(self) -> None:
        secret, browser = self.with_second_factor(), Client()
        self.come_back(browser)
        self.sign_out_there(sub="ada-7", sid="s1")
        self.enter_code(browser, secret)
        self.assertEqual(browser.get(DEVICES).status_code, 302)
        self.assertFalse(Session.objects.living().exists())
        self.assertFalse(Session.objects.filter(end_reason=EndReason.PROVIDER_SIGN_OUT).exists())
