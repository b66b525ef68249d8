"""One person in the administration: what is signed in, what happened, and what can be done about it."""
