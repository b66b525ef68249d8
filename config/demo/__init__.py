"""The demo: people, devices, places and a mailbox to try the product with. Installed with DEMO=1 only."""
