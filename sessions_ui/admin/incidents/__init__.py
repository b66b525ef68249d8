"""Incidents in the administration: say who has to sign in again, look at what comes of it, order it, follow it."""
