"""Bridges to other packages, without these packages; tests/hosts/projects/bridges has those with them."""
