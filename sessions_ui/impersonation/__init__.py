"""Staff using somebody's account: what a host project calls, and what stays the owner's alone."""
