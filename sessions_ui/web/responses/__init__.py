"""Answers in place of the view's."""
