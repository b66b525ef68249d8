"""The JSON API, on django-ninja (the extra `ninja`; docs/api.md). Nothing outside of this room needs ninja for it."""
