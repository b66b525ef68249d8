"""What a session costs: ours and its peers side by side. `make bench`; docs/performance.md says how to read it."""
