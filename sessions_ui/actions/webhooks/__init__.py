"""The endpoints that are told of events."""
