"""Sessions and devices of everybody, and how they are ended."""
