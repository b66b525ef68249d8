"""The security log of one's own account: read, narrowed down, taken along as a file."""
