"""What an agent does for a caller. Every rule of the help desk is enforced here, whatever page asked."""
