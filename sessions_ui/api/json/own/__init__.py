"""What people, and the tokens that act for them, ask of their own account. What is somebody else's does not exist."""
