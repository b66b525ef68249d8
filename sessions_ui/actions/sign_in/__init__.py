"""A sign-in, step by step."""
