"""`python -m tests.mutants`: small changes to the code that decides, each of which a test should notice."""
