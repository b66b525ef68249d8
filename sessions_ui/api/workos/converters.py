"""What stands for an id in the addresses. In a module of its own: a URL conf may be read more than once."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class AnyId(StringConverter):
    """Whatever a client was given for an id, a slash or the end of a line in it too: nothing has it, and it is told so
    in the shape that it reads."""

    regex = r"[\s\S]+"


register_converter(AnyId, "workos_id")
