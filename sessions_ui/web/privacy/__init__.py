"""What people get of what is stored about them (docs/privacy.md)."""
