"""Your active devices: server-side sessions that know their device and place, and that end for good."""
