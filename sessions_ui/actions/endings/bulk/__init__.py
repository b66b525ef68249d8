"""Ending many sessions by a worker, in batches."""
