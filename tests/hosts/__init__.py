"""Other people's own tests, on their projects as they come and with the README's lines in them.

`suites.py` is the table, `running.py` fetches and runs, `inside/` is what runs in the environment of the hosts and may
import nothing of ours. `make test-hosts` runs all of it, with and without; CI what is quick, with the app only.
"""
