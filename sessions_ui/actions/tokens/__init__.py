"""Access tokens: made, used, replaced, reported as leaked. They end as every session does (`endings/`)."""
