"""The list of somebody's devices: what it is read from, a card for each, and the part of it that is shown."""
