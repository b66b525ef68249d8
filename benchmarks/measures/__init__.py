"""One module for each measure. `measure(scale)` runs in the parent, `work()` is what its workers offer it; the
docstring is the text of its section in docs/performance.md."""
