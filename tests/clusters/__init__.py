"""The whole site on clusters of our own: servers are killed under load, and what people were told is compared with what
is so afterwards. `make test-clusters`, docs/scaling.md."""
