"""Mails of django-allauth, as this site sends them."""
