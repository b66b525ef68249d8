"""The code of docs/hooks.md, as it is tested."""
