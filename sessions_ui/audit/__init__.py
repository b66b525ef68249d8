"""What happened, as it is kept."""
