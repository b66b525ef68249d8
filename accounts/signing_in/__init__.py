"""How people sign in on this site, and prove again who they are."""
