"""The way back to an account that somebody else has used."""
