"""Figures about how the app is doing."""
