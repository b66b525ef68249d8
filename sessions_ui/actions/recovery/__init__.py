"""Give an account back to its owner after "This wasn't me": a case with steps (docs/risk.md)."""
