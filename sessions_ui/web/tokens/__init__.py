"""The pages about access tokens: what there is, one of them, a new one, and one that leaked."""
