"""The pages of staff that uses somebody's account."""
