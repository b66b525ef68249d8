"""Texts about sessions and devices, for pages, mails and the admin alike."""
