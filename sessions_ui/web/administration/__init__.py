"""What staff is asked before something is done in Django's admin (docs/administration.md)."""
