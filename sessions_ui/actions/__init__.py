"""The verbs: one mutation a module, shared by pages, admin, tasks, commands and the store."""
