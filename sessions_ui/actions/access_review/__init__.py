"""A list of who has access, signed off line by line. Who may do that is enforced here, whatever page asked."""
