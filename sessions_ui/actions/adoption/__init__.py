"""Sessions of another engine go on in this one."""
