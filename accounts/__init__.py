"""Who signs in on this site, built on django-allauth."""
