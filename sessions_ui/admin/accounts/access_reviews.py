"""Access reviews: begin one, sign it off line by line, close it, take its result along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.access_review.decide import close_access_review, decide_access
from sessions_ui.actions.access_review.export import FORMATS, export_access_review
from sessions_ui.actions.access_review.open import open_access_review
from sessions_ui.actions.access_review.rights import may_review
from sessions_ui.actions.access_review.titles import device_titles
from sessions_ui.admin.base import CappedPaginator, ReadOnlyAdmin, person
from sessions_ui.bridges.active import bridges
from sessions_ui.bridges.protocol import BridgedKind
from sessions_ui.exceptions import ReviewRefusal, ReviewRefused
from sessions_ui.models import AccessReview, AccessReviewItem
from sessions_ui.models.primary import with_users
from sessions_ui.web.responses.files import download
from sessions_ui.wording.bridges import KINDS

LINES = 50  # a page
DECISION = "decision-"  # and the key of the line: the name of a field

SAID = {
    ReviewRefusal.NOT_ALLOWED: _("You aren’t allowed to review access."),
    ReviewRefusal.CLOSED: _("The review is closed. Nothing was changed."),
    ReviewRefusal.DECIDED: _("One of the lines was already decided, and stays as it is."),
    ReviewRefusal.PACKAGE_FAILED: _(
        "A package couldn’t end what one of the lines names. That line is unchanged."
    ),
    ReviewRefusal.UNDECIDED: _("Some lines aren’t decided yet, so the review stays open."),
}
OF_ONE_LINE = (ReviewRefusal.DECIDED, ReviewRefusal.PACKAGE_FAILED)


class AccessReviewForm(forms.ModelForm):
    organization_id = forms.CharField(
        label=_("Organization"),
        required=False,
        max_length=255,
        help_text=_("Leave empty for all organizations."),
    )

    class Meta:
        model = AccessReview
        fields = ("organization_id", "ticket", "note")


@admin.register(AccessReview)
class AccessReviewAdmin(ReadOnlyAdmin):
    """The reviews, and each of them line by line. All of it takes one permission of its own (`review_access`)."""

    list_display = ("public_id", "created_at", "organization", "who", "progress", "closed_at")
    list_select_related = ("actor",)
    search_fields = ()
    ordering = ("-id",)
    fields = ("organization_id", "ticket", "note")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_review(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_review(request.user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessReview]:
        decided = Count("items", filter=~Q(items__decision=""))
        return super().get_queryset(request).annotate(lines=Count("items"), decided=decided)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return AccessReviewForm

    def save_model(self, request: HttpRequest, obj: AccessReview, form: Any, change: bool) -> None:
        made = open_access_review(
            actor=request.user, organization_id=obj.organization_id, ticket=obj.ticket, note=obj.note
        )
        obj.__dict__.update(made.__dict__)

    def response_add(
        self, request: HttpRequest, obj: AccessReview, post_url_continue: Any = None
    ) -> HttpResponse:
        return redirect("admin:sessions_ui_accessreview_change", obj.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export)
        name = "sessions_ui_accessreview_export"
        return [path("<int:pk>/export.<str:kind>", view, name=name), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the lines of a review, page by page; a POST signs off what was chosen on it, or closes the review."""
        review = self._review(request, unquote(object_id))
        if request.method == "POST":
            return self._act(request, review)
        items = review.items.select_related("device", "session__token").order_by("pk")
        if request.GET.get("open"):
            items = items.filter(decision="")
        page = CappedPaginator(with_users(items, "user", "decided_by"), LINES).get_page(request.GET.get("p"))
        titles = device_titles(review, {item.user_id for item in page})
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Access review"),
            "opts": self.opts,
            "review": review,
            "page": page,
            "only_open": bool(request.GET.get("open")),
            "lines": [(item, person(item.user, item.user_id), title_of_line(item, titles)) for item in page],
            "undecided": review.lines - review.decided,  # type: ignore[attr-defined]
            "prefix": DECISION,
            "leaves_out_packages": bool(review.organization_id and bridges()),
        }
        return TemplateResponse(request, "sessions_ui/admin/access_review.html", context)

    def _review(self, request: HttpRequest, pk: Any) -> AccessReview:
        if not self.has_view_permission(request):
            raise PermissionDenied
        review = self.get_object(request, str(pk))
        if review is None:
            raise Http404
        return review

    def _act(self, request: HttpRequest, review: AccessReview) -> HttpResponse:
        try:
            done, refused = _sign_off(request, review)
            if done:
                text = ngettext("%(count)d line was signed off.", "%(count)d lines were signed off.", done)
                messages.success(request, text % {"count": done})
            for reason in refused:
                messages.error(request, SAID[reason])
            # What somebody else has decided meanwhile is looked at first.
            if "close" in request.POST and ReviewRefusal.DECIDED not in refused:
                close_access_review(review=review, actor=request.user)
                messages.success(request, gettext("The review is closed."))
        except ReviewRefused as error:
            messages.error(request, SAID[error.reason])
        return redirect(request.get_full_path())

    def export(self, request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
        """Send the result as a file: `csv` or `json`."""
        review = self._review(request, pk)
        if kind not in FORMATS:
            raise Http404
        pieces = export_access_review(review=review, form=kind, actor=request.user)
        content_type = FORMATS[kind]
        name = f"access-review-{review.public_id}.{kind}"
        return download(request, pieces, name=name, content_type=content_type)

    @admin.display(description=_("organization"))
    def organization(self, review: AccessReview) -> str:
        return review.organization_id or gettext("all")

    @admin.display(description=_("opened by"))
    def who(self, review: AccessReview) -> str:
        return person(review.actor, review.actor_id)

    @admin.display(description=_("progress"))
    def progress(self, review: Any) -> str:
        return gettext("%(done)d of %(total)d") % {"done": review.decided, "total": review.lines}


def title_of_line(item: AccessReviewItem, titles: Mapping[int, str]) -> str:
    """Return what the device of a line is called, or a credential of another package; empty for the others."""
    if item.pk in titles:
        return titles[item.pk]
    if item.kind != AccessReviewItem.Kind.CREDENTIAL:
        return ""
    known = item.credential_kind in KINDS
    return item.label or (str(KINDS[BridgedKind(item.credential_kind)]) if known else item.credential_kind)


def _sign_off(request: HttpRequest, review: AccessReview) -> tuple[int, list[ReviewRefusal]]:
    """Sign off the lines of this review that were chosen on the page; return how many, and why others were not.
    Another review's match none."""
    wanted = {
        name.removeprefix(DECISION): value
        for name, value in request.POST.items()
        if name.startswith(DECISION)
    }
    chosen = {
        int(pk): value
        for pk, value in wanted.items()
        if pk.isdecimal()
        and len(pk) < 19
        and value in (AccessReviewItem.Decision.KEEP, AccessReviewItem.Decision.END)
    }
    items = AccessReviewItem.objects.filter(review=review, pk__in=list(chosen)[:LINES]).select_related(
        "review"
    )
    done, refused = 0, []
    for item in items.order_by("pk"):
        if item.decision == chosen[item.pk]:
            continue
        try:
            decide_access(item=item, actor=request.user, decision=chosen[item.pk])
        except ReviewRefused as error:
            if error.reason not in OF_ONE_LINE:
                raise
            refused.append(error.reason)  # the other lines are decided all the same
        else:
            done += 1
    return done, refused
