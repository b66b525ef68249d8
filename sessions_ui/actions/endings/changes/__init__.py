"""What follows where something about an account has changed: its rights, its address, its second factors."""
