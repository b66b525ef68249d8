"""`path("help-desk/", include("sessions_ui.help_desk.urls"))`."""

from django.urls import path

from sessions_ui.help_desk import approvals, views
from sessions_ui.web.responses.leads_back import leads_back
from sessions_ui.web.responses.own_transactions import own_transactions

app_name = "help_desk"

urlpatterns = [
    path("", views.search, name="search"),
    path("approvals/", approvals.waiting, name="approvals"),
    path("approvals/<slug:public_id>/", approvals.approve, name="approve"),
    path("approvals/<slug:public_id>/refuse/", approvals.refuse, name="refuse_approval"),
    path("receipts/<slug:public_id>/", views.show_receipt, name="receipt"),
    path("<slug:public_id>/", views.show, name="case"),
    path("<slug:public_id>/state/", views.state, name="state"),
    path("<slug:public_id>/verify/", views.verify_caller, name="verify"),
    path("<slug:public_id>/network/", views.network, name="network"),
    path("<slug:public_id>/code/", views.send_code, name="send_code"),
    path("<slug:public_id>/code/check/", views.check_code, name="check_code"),
    path("<slug:public_id>/approval/", approvals.ask, name="ask_approval"),
    path("<slug:public_id>/review/", views.review, name="review"),
    path("<slug:public_id>/carry-out/", views.carry_out, name="carry_out"),
    path("<slug:public_id>/recovery/link/", views.send_recovery_link, name="recovery_link"),
    path("<slug:public_id>/recovery/lift/", views.lift_recovery, name="recovery_lift"),
    path("<slug:public_id>/devices/<slug:device_id>/found/", views.found, name="found"),
]

for _pattern in urlpatterns:
    if _pattern.name in ("approve", "refuse_approval"):
        _pattern.callback = leads_back(_pattern.callback, "help_desk:approvals")
    elif _pattern.name not in ("search", "approvals", "receipt", "case", "state"):
        _pattern.callback = leads_back(_pattern.callback, "help_desk:case", keep={"public_id": "public_id"})
    _pattern.callback = own_transactions(_pattern.callback)
