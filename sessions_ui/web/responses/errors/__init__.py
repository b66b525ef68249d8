"""What somebody hears, and what is reported, where something went wrong."""
