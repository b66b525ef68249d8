"""Sign out many people at once, by criteria, and see how far it has come."""
