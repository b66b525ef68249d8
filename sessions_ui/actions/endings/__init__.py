"""Everything that ends sessions. All of it goes through `end.py`."""
