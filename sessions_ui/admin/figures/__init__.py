"""Figures and pictures: the overview, and what sessions lived after trust had ended."""
