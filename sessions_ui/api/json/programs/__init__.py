"""What programs ask about other people's accounts, with scopes that take the permissions of the pages."""
