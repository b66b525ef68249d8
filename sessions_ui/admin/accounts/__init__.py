"""What is decided about one account: who still has access, until when, and what is stored about them."""
