"""What programs sign in with: tokens of ours and of other packages, and the accounts that have no person."""
