# These run in the hosts' environment only.
collect_ignore = ["inside", "projects"]
