"""What changes who the owner of an account is."""
