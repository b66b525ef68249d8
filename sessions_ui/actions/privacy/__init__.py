"""What is stored about people: to list it, to hand it out, to forget it and to erase it (docs/privacy.md)."""
