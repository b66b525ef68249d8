"""What happens to a session between its sign-in and its end."""
