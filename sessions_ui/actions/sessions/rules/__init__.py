"""By which rules a session may answer, and when it is over by itself."""
