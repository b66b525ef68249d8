"""What the change lists share: they are read-only, exact in their search, and cheap on tables with millions of rows."""

from __future__ import annotations

import re
from functools import cached_property
from ipaddress import ip_address
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import display_for_value, quote
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from sessions_ui.actions.help_desk.find_user import called, users_exactly
from sessions_ui.bridges.rows import key_of
from sessions_ui.models.primary import all_users, with_users
from sessions_ui.web.responses.leads_back import leads_back

TOO_LONG = re.compile(r"\d{19}")  # any shorter number fits into a column of 64 bits


class CappedPaginator(Paginator):
    """A paginator that counts no further than anybody leafs: COUNT(*) over millions of rows makes an admin unusable."""

    cap = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by().values("pk")[: self.cap].count()


class ListWithUsers(ChangeList):
    """A change list that joins what `list_select_related` names, except users that live in another database."""

    def apply_select_related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        names = self.list_select_related if isinstance(self.list_select_related, list | tuple) else ()
        for name in names:
            is_user = issubclass(qs.model._meta.get_field(name).related_model, get_user_model())
            qs = with_users(qs, name) if is_user else qs.select_related(name)
        return qs


class CarefulAdmin(admin.ModelAdmin):
    """An admin whose addresses and actions take no keys but such as rows can have."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row, None where there is none: a key that no column could hold is refused by the database."""
        if from_field is None and not is_key(self.model, object_id):
            return None
        return super().get_object(request, object_id, from_field)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse (400) to filter by a number that no column could hold, as by `?user=` in an address. Filters of ours
        see to that themselves."""
        own = [getattr(each, "parameter_name", None) for each in self.get_list_filter(request)]
        is_sound = lookup in own or not TOO_LONG.search(str(value))
        return is_sound and super().lookup_allowed(lookup, value, request)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **options: Any
    ) -> HttpResponse | None:
        """Carry out the action; a key that no row can have is a mistake of the form, and nothing is done then."""
        if all(is_key(self.model, text) for text in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            return super().response_action(request, queryset, *args, **options)
        messages.error(request, gettext("That selection can’t be read. Nothing was done."))
        return None


class ReadOnlyAdmin(CarefulAdmin):
    """A read-only admin: nobody adds, changes or deletes a row, superusers included. `fields` names what may be
    seen."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    # A click on the head of a column without an index would sort all rows there are.
    sortable_by: ClassVar[tuple[str, ...]] = ()
    search_help_text = _("The whole email address or user name: part of it finds no account.")
    # Django shows the search box where this is not empty; what is searched is decided in `get_search_results`.
    search_fields: ClassVar[tuple[str, ...]] = ("user",)

    # Whether Django keeps a history of these rows: it does where somebody adds or changes them in the admin.
    has_history: ClassVar[bool] = False

    class Media:
        css = {"all": ("sessions_ui/admin.css",)}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Leave out the button "History" where that is always empty, and lead to the person whose row it is."""
        obj = kwargs.get("obj")
        whose = getattr(obj, "user_id", None)
        if whose is not None and request.user.has_perm("sessions_ui.view_session"):
            context["sessions_ui_person_url"] = person_url(whose)
        context["sessions_ui_has_history"] = self.has_history
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ListWithUsers

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip() if self.search_fields else ""  # without a box nothing is searched
        return (queryset.filter(self.exactly(term)) if term else queryset), False

    def exactly(self, term: str) -> Q:
        return Q(user_id__in=users_exactly(term))


class RowsField(forms.ModelMultipleChoiceField):
    """Rows of a model to choose from. A key that no column could hold is none of them: Django asks the database for it,
    which refuses."""

    LONGEST = 18  # digits: a column of 64 bits holds any such number

    def clean(self, value: Any) -> QuerySet[Any]:
        for key in value or ():
            if len(str(key)) > self.LONGEST and str(key).lstrip("-").isdigit():
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": key}
                )
        return super().clean(value)


class PersonField(forms.CharField):
    """The whole email address or user name of one account; its value is the user."""

    default_error_messages = {"unknown": _("No account matches exactly.")}

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", _("The whole email address or user name."))
        super().__init__(max_length=254, **options)

    def clean(self, value: Any) -> Any:
        found = called(super().clean(value), all_users())
        if len(found) != 1:
            raise forms.ValidationError(self.error_messages["unknown"], code="unknown")
        return found[0]


def is_key(model: type[Model], text: str) -> bool:
    """Return whether a row of the model can have this primary key."""
    field: Any = model._meta.pk
    while field.is_relation:
        field = field.target_field
    return key_of(field, text) is not None


def address_exactly(term: str) -> str | None:
    """Return the address in the one way it is stored; None where it is none."""
    try:
        return str(ip_address(term))
    except ValueError:
        return None


def person(user: Any, pk: Any) -> str:
    """Return the name of the user, or of the deleted account: the history of an account outlives the account."""
    if user is not None:
        return str(user)
    return str(_("deleted account %(pk)s") % {"pk": pk}) if pk is not None else ""


def in_words(value: Any) -> str:
    """Return a moment, or any other value, as Django words it in a list: on the page of a row it words what is a column
    only, and of what a method returns it shows the bare value."""
    return str(display_for_value(value, "-"))


def act_of_row(view: Any, model: str) -> Any:
    """Return the view of an act on one row, which takes POST only: opened by itself it leads to the page of the row."""
    return leads_back(require_POST(view), f"admin:sessions_ui_{model}_change", keep={"pk": "object_id"})


def person_url(pk: Any) -> str:
    """Return the address of the page of the person with this primary key."""
    return reverse("admin:sessions_ui_session_hub", args=[quote(str(pk))])
