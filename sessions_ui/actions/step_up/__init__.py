"""Ask for more than the sign-in has shown (RFC 9470)."""
