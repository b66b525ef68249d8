"""Every setting of the app: a property that is read from `settings.SESSIONS_UI` once, when it is first asked for.

docs/settings.md is made from these modules (`manage.py settings_reference`), so each docstring is its documentation.
"""

from sessions_ui.conf.administration import AdministrationSettings
from sessions_ui.conf.adoption import AdoptionSettings
from sessions_ui.conf.api import ApiSettings
from sessions_ui.conf.audit import AuditSettings
from sessions_ui.conf.base import Section
from sessions_ui.conf.bridges import BridgeSettings
from sessions_ui.conf.clients import ClientSettings
from sessions_ui.conf.commits import CommitSettings
from sessions_ui.conf.database import DatabaseSettings
from sessions_ui.conf.devices import DeviceSettings
from sessions_ui.conf.endings import EndingSettings
from sessions_ui.conf.help_desk import HelpDeskSettings
from sessions_ui.conf.impersonation import ImpersonationSettings
from sessions_ui.conf.lifetimes import LifetimeSettings
from sessions_ui.conf.live import LiveSettings
from sessions_ui.conf.mails import MailSettings
from sessions_ui.conf.metrics import MetricSettings
from sessions_ui.conf.pages import PageSettings
from sessions_ui.conf.places import PlaceSettings
from sessions_ui.conf.privacy import PrivacySettings
from sessions_ui.conf.reauthentication import ReauthenticationSettings
from sessions_ui.conf.risk import RiskSettings
from sessions_ui.conf.sso import SingleSignOnSettings
from sessions_ui.conf.telling import TellingSettings
from sessions_ui.conf.tokens import TokenSettings
from sessions_ui.conf.webhooks import WebhookSettings
from sessions_ui.conf.workos import WorkOSSettings


class Conf(
    ClientSettings,
    PlaceSettings,
    PrivacySettings,
    LifetimeSettings,
    EndingSettings,
    BridgeSettings,
    CommitSettings,
    AdoptionSettings,
    DeviceSettings,
    RiskSettings,
    PageSettings,
    ReauthenticationSettings,
    TokenSettings,
    ApiSettings,
    TellingSettings,
    MailSettings,
    WebhookSettings,
    WorkOSSettings,
    SingleSignOnSettings,
    ImpersonationSettings,
    HelpDeskSettings,
    AdministrationSettings,
    AuditSettings,
    LiveSettings,
    MetricSettings,
    DatabaseSettings,
):
    """The settings of sessions_ui, typed; the sections in the order of docs/settings.md."""


SECTIONS: tuple[type[Section], ...] = Conf.__bases__

conf = Conf()
