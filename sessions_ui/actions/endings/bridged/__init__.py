"""What other packages have let in ends with everything else of an account."""
