# Two commands: `make run` (the demo on http://localhost:8000) and `make test`. Everything else is for developers.
# They need Python 3.11 or newer with its venv module, and make; all that is installed goes into $(VENV).

PYTHON ?= python3
PORT ?= 8000
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
LOCKS := config/requirements
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -qq --require-hashes
# --custom-compile-command: the header of a lock names this command and no path of anybody's machine.
LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DELETE_ON_ERROR:
.PHONY: help run demo-devices test test-races test-clusters test-hosts test-long chromium lint format lock screenshots lighthouse docs dist messages countries controls privacy mutants bench bench-streams bench-outages clean

help:
	@echo "make run           the demo, on http://localhost:$(PORT) (PORT=8001 for another port)"
	@echo "make demo-devices  which of the demo's devices are still let in"
	@echo "make test          the test suite (ARGS='-k story -x' for pytest)"
	@echo "make test-races    hundreds of rounds of every race, on every database and isolation level"
	@echo "make test-clusters servers of every kind are killed under load: what is lost, and for how long"
	@echo "make test-hosts    the tests of other people's projects, with the app in them"
	@echo "make test-long     what .ci/run has no time for; hours"
	@echo "make lint format   what CI checks; what can be put right by itself"
	@echo "make lock          pin the newest allowed versions, with hashes"
	@echo "make messages      every text into the catalogues of the languages"
	@echo "make countries     the names of countries, from CLDR"
	@echo "make controls      the tables of docs/security.md, from markers on tests"
	@echo "make privacy       the tables of docs/privacy.md, from the models"
	@echo "make docs          the site of the documentation, into build/docs"
	@echo "make dist          wheel and source distribution, into dist"
	@echo "make chromium      a browser for the tests, where there is none"
	@echo "make screenshots lighthouse mutants bench bench-streams bench-outages clean"

run: $(VENV)/.site-installed
	@DEMO=1 PORT=$(PORT) exec $(BIN)/python manage.py demo

demo-devices: $(VENV)/.site-installed
	@DEMO=1 exec $(BIN)/python manage.py demo_devices

test: $(VENV)/.test-installed $(VENV)/.chromium-tried
	$(BIN)/python -m pytest $(ARGS)

# Needs the services that .ci/services starts; what is not there is left out, and said so. Hours: ARGS='--rounds 20' or
# ARGS='--only serializable' for fewer. An environment of its own: MariaDB's driver is compiled.
test-races:
	@$(MAKE) --no-print-directory VENV=.venv-races .venv-races/.races-installed
	.venv-races/bin/python -m tests.races $(ARGS)

# Starts PostgreSQL with a standby, Galera, RabbitMQ and Redis itself, on ports of its own: docs/scaling.md. Ten minutes;
# ARGS="--only galera" for a part.
test-clusters:
	@$(MAKE) --no-print-directory VENV=.venv-races .venv-races/.races-installed
	.venv-races/bin/python -m tests.clusters $(ARGS)

# The tests of other people's projects, with and without the app; docs/django-sessions.md. Needs the package registry.
# ARGS="--only django-otp" for one, ARGS=--write for that page's table.
test-hosts: $(VENV)/.test-installed
	$(BIN)/python -m tests.hosts $(ARGS)

# Names of countries from the newest CLDR that babel has.
countries: $(VENV)/.test-installed
	$(BIN)/python -m tools.countries

# The tables of docs/security.md: texts from tools/controls.toml, tests from their markers.
controls: $(VENV)/.test-installed
	$(BIN)/python -m tools.controls

# The tables of docs/privacy.md: texts from the inventory of the columns, times from docs/production.md.
privacy: $(VENV)/.test-installed
	$(BIN)/python -m tools.privacy $(ARGS)

# Which small changes to the code that decides does no test notice? Goes on where it was stopped (var/mutants.json).
# ARGS="--sample 200 --seed 3" for a share, ARGS="--module store/writing.py", ARGS=--again for the survivors once more.
# By the nearest tests (ARGS=--nearest) about a second of one core for each of the 8,700 changes; what runs at import
# takes several.
mutants: $(VENV)/.test-installed
	$(BIN)/python -m tests.mutants $(ARGS)

# What takes too long for every change, or needs more than Python: hours. The long commands come in a form that fits;
# last what a busy machine can fail.
test-long:
	$(MAKE) --no-print-directory test-races ARGS="--rounds 20"
	$(MAKE) --no-print-directory test-clusters ARGS=
	$(MAKE) --no-print-directory test-hosts ARGS=
	bash .ci/pairs
	$(MAKE) --no-print-directory mutants ARGS="--sample 20"
	$(MAKE) --no-print-directory screenshots ARGS=var/screenshots
	$(MAKE) --no-print-directory bench ARGS=--quick
	$(MAKE) --no-print-directory bench-streams ARGS=
	$(MAKE) --no-print-directory bench-streams ARGS="--soak 1"
	$(MAKE) --no-print-directory bench-outages ARGS=restart
	USE_TZ=0 TIME_ZONE=Asia/Kathmandu $(BIN)/python -m pytest -n 2 -m "not browser and not faults and not registry" \
		tests/stories tests/accounts tests/sessions_ui --ignore tests/sessions_ui/test_every_session_method.py
	SEQUENCES=all $(BIN)/python -m pytest tests/sessions_ui/test_every_session_method.py
	ERRORS=all $(BIN)/python -m pytest tests/sessions_ui/web/test_error_reports.py
	$(MAKE) --no-print-directory lighthouse

# For the browser tests. Where none is found and none can be had they are skipped, and say so.
chromium: $(VENV)/.test-installed
	@$(BIN)/python -m tools.chromium

lint: $(VENV)/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	SECRET_KEY=types $(BIN)/mypy

format: $(VENV)/.test-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# UPGRADE= pins only what is new in pyproject.toml.
UPGRADE ?= --upgrade
lock: $(BIN)/uv
	$(LOCK) $(UPGRADE) --extra site --group demo -o $(LOCKS)/site.txt
	$(LOCK) $(UPGRADE) --extra site --group test -c $(LOCKS)/site.txt -o $(LOCKS)/test.txt
	$(subst pyproject.toml ,,$(LOCK)) $(UPGRADE) --group pip -o $(LOCKS)/pip.txt
	$(LOCK) $(UPGRADE) --group mariadb -c $(LOCKS)/site.txt -o $(LOCKS)/mariadb.txt
	$(LOCK) $(UPGRADE) --group hosts -c $(LOCKS)/site.txt -o $(LOCKS)/hosts.txt
	$(subst pyproject.toml ,,$(LOCK)) $(UPGRADE) --group publish -o $(LOCKS)/publish.txt
	$(LOCK) $(UPGRADE) --extra site --group bench -c $(LOCKS)/site.txt -o $(LOCKS)/bench.txt

# The pictures of the documentation. ARGS=FOLDER puts them there, ARGS="--all FOLDER" has every state.
screenshots: $(VENV)/.test-installed
	$(BIN)/python -m tools.screenshots $(ARGS)

# The site of the documentation; a link that leads nowhere is an error. An environment of its own, as for `dist`: nothing
# of it belongs to the site or its tests.
docs:
	@$(MAKE) --no-print-directory VENV=.venv-publish .venv-publish/.publish-installed
	.venv-publish/bin/sphinx-build -q -E -W --keep-going -b html docs build/docs

# What a release consists of, as the package index would look at it. Nothing is uploaded.
dist:
	@$(MAKE) --no-print-directory VENV=.venv-publish .venv-publish/.publish-installed
	rm -rf dist
	.venv-publish/bin/python -m build --outdir dist . >/dev/null
	.venv-publish/bin/twine check --strict dist/*

# Lighthouse of the signed-in devices page; needs Node and a Chromium.
lighthouse: $(VENV)/.test-installed
	$(BIN)/python -m benchmarks.lighthouse

# Every text into the catalogues of every language, and the catalogues compiled. Needs gettext.
messages: $(VENV)/.test-installed
	$(BIN)/python -m tools.messages

# Needs PostgreSQL and Redis; docs/performance.md. ARGS=--quick for a look, ARGS=--write for that page's tables.
# An environment of its own: the peers and what they drag in are nothing that the site or its tests should see.
bench:
	@$(MAKE) --no-print-directory VENV=.venv-bench .venv-bench/.bench-installed
	.venv-bench/bin/python -m benchmarks $(ARGS)

# The streams of open tabs, thousands at once, or ARGS="--soak 5" for minutes; docs/live.md.
bench-streams:
	@$(MAKE) --no-print-directory VENV=.venv-bench .venv-bench/.bench-installed
	.venv-bench/bin/python -m benchmarks.streams $(ARGS)

# The whole site while something of it is away; docs/production.md, "What happens when". Needs PostgreSQL's and Redis's
# programs, and starts its own servers with them.
bench-outages: $(VENV)/.test-installed
	$(BIN)/python -m benchmarks.outages $(ARGS)

# The demo's data (var/) stays: remove it by hand for a new one.
clean:
	rm -rf $(VENV) .venv-bench .venv-publish .venv-races build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov

# --- What the commands above stand on -------------------------------------------------------------------------------

# A virtual environment that was made by half (Debian without python3-venv) would look finished: remove it.
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) here. Name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is `$(PYTHON) --version 2>&1`. Name another: make PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON) cannot make virtual environments (Debian and Ubuntu: install python3-venv)."; exit 1; }

$(VENV)/.pip-installed: $(LOCKS)/pip.txt | $(BIN)/python
	@$(PIP_INSTALL) -r $<
	@touch $@

# Stamps: newer than the lock file means that what it names is installed.
$(VENV)/.site-installed: $(LOCKS)/site.txt | $(VENV)/.pip-installed
	@echo "Installing what the site needs…"
	@$(PIP_INSTALL) -r $<
	@touch $@

$(VENV)/.test-installed: $(LOCKS)/test.txt | $(VENV)/.pip-installed
	@echo "Installing what the tests need…"
	@$(PIP_INSTALL) -r $<
	@touch $@

$(VENV)/.races-installed: $(LOCKS)/mariadb.txt $(VENV)/.test-installed
	@$(PIP_INSTALL) --no-deps -r $<
	@touch $@

$(VENV)/.bench-installed: $(LOCKS)/bench.txt | $(VENV)/.pip-installed
	@echo "Installing what the benchmarks need…"
	@$(PIP_INSTALL) -r $<
	@touch $@

$(VENV)/.publish-installed: $(LOCKS)/publish.txt | $(VENV)/.pip-installed
	@echo "Installing what documentation and releases need…"
	@$(PIP_INSTALL) -r $<
	@touch $@

# Once for an environment: without a network every try would cost its time again. `make chromium` tries anew.
$(VENV)/.chromium-tried: | $(VENV)/.test-installed
	@$(BIN)/python -m tools.chromium || true
	@touch $@

$(BIN)/uv: | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -qq uv
