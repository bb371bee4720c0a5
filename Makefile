# make demo · make test · make check · make bench
# Needs git, make, Python 3.11 or newer, and pip. Everything else goes into .venv.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
# Of several Pythons the first that is new enough. `make PYTHON=/path/to/python3 ...` says it by hand.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$each -c '$(NEW_ENOUGH)' 2>/dev/null; then echo $$each; break; fi; done)

.PHONY: help demo test test-shared test-wheel test-pysigma2 engine engine-test java-is-there browser-test check lint bench format clean

help:
	@echo 'make demo         convert one rule to every language, and compare the verdicts'
	@echo 'make test         the tests; they need nothing beside this folder'
	@echo 'make test-shared  the tests over the corpora at $$SIGMA_KQL_SHARED or ../shared'
	@echo 'make test-wheel   the tests that install packages; they need a network'
	@echo 'make test-pysigma2  the Sigma tests under pySigma 2, which no plugin allows yet; they need a network'
	@echo 'make engine-test  the tests that ask a real Elasticsearch; they need Java 17 and Maven'
	@echo 'make engine       a real Elasticsearch in the foreground, on this machine alone'
	@echo 'make browser-test the tests that look at the HTML report; they need Chromium'
	@echo 'make check        ruff, mypy and the tests'
	@echo 'make bench        how long things take, beside a peer'
	@echo 'make format       let ruff lay out the code'
	@echo 'make clean        remove what the above made'

demo: $(VENV)/.ready
	$(BIN)/python examples/demo.py

test: $(VENV)/.ready
	$(BIN)/python -m pytest

test-shared: $(VENV)/.ready
	$(BIN)/python -m pytest -m shared

test-wheel: $(VENV)/.ready
	$(BIN)/python -m pytest -m wheel

test-pysigma2: .venv-pysigma2/.ready
	.venv-pysigma2/bin/python -m pytest tests/test_sigma_*.py tests/test_correlations.py tests/test_losses.py tests/test_regexp.py tests/test_round_trips.py

engine-test: $(VENV)/.ready java-is-there
	$(BIN)/python -m pytest -m engine

engine: $(VENV)/.ready java-is-there
	@$(BIN)/python -m tests.engine

java-is-there:
	@for each in java javac mvn; do command -v $$each >/dev/null || { \
		echo "$$each was not found: an engine needs a Java development kit (17 or newer) and Maven" >&2; exit 1; }; done

browser-test: $(VENV)/.ready
	$(BIN)/python -m pytest -m browser

check: lint test

lint: $(VENV)/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict

# The peer has its own environment: it wants other versions of what we stand on.
bench: $(VENV)/.ready .venv-bench/.ready
	$(BIN)/python -m tests.bench

format: $(VENV)/.ready
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:
	rm -rf $(VENV) .venv-bench .venv-pysigma2 build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Dependency groups need pip 25.1. A Python without ensurepip (Debian's, without python3-venv) gets pip from its own.
$(VENV)/.ready: pyproject.toml
	@test -n '$(PYTHON)' || { echo 'No Python 3.11 or newer was found; name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo '$(PYTHON) is older than Python 3.11' >&2; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || \
		{ $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --quiet --python $(BIN)/python install pip; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[targets]' --group dev
	@touch $@

# The plugins pin pySigma below 2, so a resolver never gives it: it is put beside them by force.
.venv-pysigma2/.ready: pyproject.toml
	test -x .venv-pysigma2/bin/pip || $(PYTHON) -m venv .venv-pysigma2
	.venv-pysigma2/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	.venv-pysigma2/bin/python -m pip install --quiet --editable . --group dev
	.venv-pysigma2/bin/python -m pip install --quiet --upgrade --no-deps 'pysigma>=2,<3'
	.venv-pysigma2/bin/python -m pip install --quiet diskcache google-re2 jinja2 jq packaging pyparsing requests
	@touch $@

.venv-bench/.ready: Makefile
	-$(PYTHON) -m venv .venv-bench && .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check \
		sigma-cli pysigma-backend-elasticsearch && touch $@
