"""What people do with their devices."""
