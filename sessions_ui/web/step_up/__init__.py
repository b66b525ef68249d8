"""The pages that ask for more than the sign-in has shown."""
