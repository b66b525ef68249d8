"""What people say of their devices."""
