"""What comes from outside: other packages' credentials, single sign-on, clients, places, another engine's rows."""
