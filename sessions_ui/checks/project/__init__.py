"""What the project around the app has to do: engine, middleware, pages, schedule, database connections."""
