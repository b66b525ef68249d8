"""What only PostgreSQL can do, and what can go wrong with it."""
