"""`path("account/", include("sessions_ui.web.urls"))`."""

from django.urls import path, re_path

from sessions_ui.web.devices import device_page, everywhere, naming, unused, views
from sessions_ui.web.impersonation.views import leave_account
from sessions_ui.web.presence import alive, idle, sign_in_again
from sessions_ui.web.privacy import own_data
from sessions_ui.web.provider_sign_out import provider_sign_out
from sessions_ui.web.recovery import again, case, choose_password, entrance, not_me
from sessions_ui.web.responses.leads_back import leads_back
from sessions_ui.web.responses.own_transactions import own_transactions
from sessions_ui.web.security_log import views as security_log
from sessions_ui.web.step_up import challenge, confirm, credentials, prove
from sessions_ui.web.tokens import leaked
from sessions_ui.web.tokens import views as tokens

app_name = "sessions_ui"

urlpatterns = [
    path("devices/", views.devices, name="devices"),
    path("devices/list/", views.device_list, name="device_list"),
    path("devices/confirm/", confirm.confirm, name="confirm"),
    path("devices/challenge/", challenge.challenge, name="challenge"),
    path("devices/prove/", prove.prove, name="prove"),
    path("devices/go-on/", credentials.go_on, name="go_on"),
    path("devices/alive", alive.alive, name="alive"),
    path("devices/not-me/<str:token>/", not_me.not_me, name="not_me"),
    path("devices/choose-password/<str:token>/", choose_password.choose_password, name="choose_password"),
    path("devices/not-me/opened/<slug:reference>/", not_me.opened, name="not_me_opened"),
    path("devices/not-me/done/<str:result>/", not_me.done, name="not_me_done"),
    path("devices/recovery/", case.recovery, name="recovery"),
    path("devices/recovery/prove/", case.vouch_here, name="recovery_prove"),
    path("devices/recovery/password/", case.password, name="recovery_password"),
    path("devices/recovery/credentials/", case.credentials, name="recovery_credentials"),
    path("devices/recovery/again/", again.again, name="recovery_again"),
    path("devices/recovery/mailed/", again.mailed, name="recovery_mailed"),
    path("devices/recovery/<str:token>/", entrance.enter, name="recovery_link"),
    path("devices/data/", own_data.your_data, name="your_data"),
    path("devices/data/unlock/", own_data.unlock, name="unlock_data"),
    path("devices/data/download/", own_data.download, name="download_data"),
    path("devices/log/", security_log.security_log, name="security_log"),
    path("devices/log/unlock/", security_log.unlock, name="unlock_log"),
    path("devices/log/download/", security_log.download, name="download_log"),
    path("devices/tokens/new/", tokens.new_token, name="new_token"),
    path("devices/tokens/leaked/", leaked.leaked, name="leaked_token"),
    path("devices/tokens/leaked/thanks/", leaked.thanks, name="leaked_thanks"),
    path("devices/tokens/end-unused/", tokens.end_unused_tokens, name="end_unused_tokens"),
    path("devices/tokens/end-agents/", tokens.end_agents, name="end_agents"),
    path("devices/apps/<str:package>/<str:credential>/end/", tokens.end_credential, name="end_credential"),
    path("devices/tokens/<slug:public_id>/", tokens.token, name="token"),
    path("devices/tokens/<slug:public_id>/proof/", tokens.token_proof, name="token_proof"),
    path("devices/tokens/<slug:public_id>/renew/", tokens.renew_token, name="renew_token"),
    path("devices/tokens/<slug:public_id>/value/", tokens.token_value, name="token_value"),
    path("devices/tokens/<slug:public_id>/end/", tokens.end_token, name="end_token"),
    path("devices/idle/", idle.idle, name="idle"),
    path("devices/stay/", idle.stay, name="stay"),
    path("devices/sign-in-again/", sign_in_again.sign_in_again, name="sign_in_again"),
    path("devices/sign-out-others/", everywhere.sign_out_others, name="sign_out_others"),
    path("devices/everywhere/", everywhere.everywhere, name="everywhere"),
    path("devices/signed-out/<str:result>/", everywhere.signed_out_everywhere, name="signed_out_everywhere"),
    path("devices/all-mine/", views.all_mine, name="all_mine"),
    path("devices/sign-out-unused/", views.sign_out_unused, name="sign_out_unused"),
    path("devices/unused/", unused.choose, name="choose_unused"),
    path("devices/sign-out-everywhere/", everywhere.sign_out_everywhere, name="sign_out_everywhere"),
    path("devices/sessions/<slug:public_id>/sign-out/", views.sign_out_session, name="sign_out_session"),
    path("devices/sessions/<slug:public_id>/sign-out-all/", views.sign_out_folded, name="sign_out_folded"),
    path("devices/<slug:public_id>/sign-out/", views.sign_out_device, name="sign_out_device"),
    path("devices/<slug:public_id>/rename/", naming.rename, name="rename"),
    path("devices/leave-account/", leave_account, name="leave_account"),
    path("devices/provider-sign-out/", provider_sign_out, name="provider_sign_out"),
    path("devices/<slug:public_id>/mine/", views.mine, name="mine"),
    path("devices/<slug:public_id>/proof/", device_page.proof, name="proof"),
    re_path(
        rf"^devices/(?P<public_id>[-\w]+)/what/(?P<name>{'|'.join(device_page.SITUATIONS)})/$",
        device_page.situation,
        name="situation",
    ),
    path("devices/<slug:public_id>/lost/", device_page.lost, name="lost"),
    path("devices/<slug:public_id>/found/", device_page.found, name="found"),
    path("devices/<slug:public_id>/not-mine/", device_page.not_mine, name="not_mine"),
    path("devices/<slug:public_id>/", device_page.device, name="device"),
]

# Where somebody is led who opens the address of an act: to the page that the act is on, with its argument.
ACTS_ON = {
    ("devices", ""): (
        "go_on stay sign_in_again sign_out_others sign_out_unused sign_out_everywhere sign_out_session sign_out_folded "
        "all_mine leave_account end_unused_tokens end_agents end_credential choose_unused"
    ),
    ("device", "public_id"): "sign_out_device mine lost found not_mine",
    ("token", "public_id"): "end_token",
    ("recovery", ""): "recovery_prove recovery_password recovery_credentials recovery_again",
    ("your_data", ""): "unlock_data download_data",
    ("security_log", ""): "unlock_log download_log",
}
_page_of = {name: page for page, names in ACTS_ON.items() for name in names.split()}

for _pattern in urlpatterns:
    if _pattern.name in _page_of:
        _page, _argument = _page_of[_pattern.name]
        _keep = {_argument: _argument} if _argument else {}
        _pattern.callback = leads_back(_pattern.callback, f"sessions_ui:{_page}", keep=_keep)
    _pattern.callback = own_transactions(_pattern.callback)
