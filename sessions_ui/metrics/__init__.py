"""Figures about how it goes."""
