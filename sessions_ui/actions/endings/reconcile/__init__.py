"""End the sessions that would be refused anyway, so that no list shows them as signed in."""
