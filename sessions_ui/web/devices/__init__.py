"""The page of devices and that of each device."""
