"""What django-simple-history's own runner configures, as a module."""

from runtests import get_default_settings

globals().update(get_default_settings())
