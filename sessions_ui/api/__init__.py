"""Programs: requests that bring an access token."""
