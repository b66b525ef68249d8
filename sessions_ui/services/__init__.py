"""The servers beside the database: broker, Redis, mail."""
