# make run     what it is, in a minute: thirteen mirrors, DNS, redirector, probes, dashboard
# make test    everything that CI runs; test-long adds the tests that take minutes
# make lint    ruff, mypy and the contracts of the floors
# make bench   against gdnsd and nginx, in one run
# make lock    lock files again from pyproject.toml (LOCK=--upgrade: newer versions)
#
# ARGS goes to the program: make run ARGS="--http 127.0.0.1:9090", make test ARGS="-k steering"

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=

BIN     := $(VENV)/bin
PIP     := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Most scenarios wait for time to pass: three files run at once. To look into one: make test ARGS="-n 0 -k steering".
SIDE_BY_SIDE := -n 3 --dist loadfile
INSTALL := $(PIP) install --require-hashes --no-deps
# setuptools warns of every editable installation: shown only where it fails.
PROJECT := log=$$($(PIP) install --no-build-isolation --no-deps --editable . 2>&1) || { echo "$$log" >&2; exit 1; }
FRAME   := requirements-build.lock pyproject.toml gslb/__init__.py probes/__init__.py

# Each of the many nodes that tests start would else compile everything again, where somebody has forbidden to keep that.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-long lint format bench lock clean distclean test-env
.DEFAULT_GOAL := test

run: $(VENV)/.run
	@exec $(BIN)/gslb demo $(ARGS)

test: lint
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

test-long: lint
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest $(SIDE_BY_SIDE) --timeout 400 -m "long or not long" $(ARGS)

lint: test-env
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "ruff format would change files: run make format" >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >$(VENV)/.imports || { cat $(VENV)/.imports >&2; exit 1; }

format: $(VENV)/.test
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet

bench: test-env
	@$(BIN)/python -m tests.bench $(ARGS)

lock: $(BIN)/python
	@test -x $(BIN)/uv || $(PIP) install uv
	@UV=$(BIN)/uv scripts/lock $(LOCK)

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find gslb probes tests -name __pycache__ -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) tests/browser/node_modules

# What the tests need; each part is quick when it is there.
test-env: $(VENV)/.test tests/browser/node_modules/.stamp

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "gslb needs Python 3.11 or later; say which: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "No virtual environment could be made; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.run: requirements.lock $(FRAME) | $(BIN)/python
	@echo "Installing into $(VENV)"
	@$(INSTALL) -r requirements-build.lock -r requirements.lock
	@$(PROJECT)
	@touch $@

$(VENV)/.test: requirements-test.lock $(FRAME) | $(BIN)/python
	@echo "Installing into $(VENV), with the tools of the tests"
	@$(INSTALL) -r requirements-build.lock -r requirements-test.lock
	@$(PROJECT)
	@touch $@

tests/browser/node_modules/.stamp: tests/browser/package-lock.json | debian-packages
	@cd tests/browser && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent --no-audit --no-fund \
		|| { echo "npm could not install what tests/browser/package-lock.json names" >&2; exit 1; }
	@touch $@

.PHONY: debian-packages
debian-packages:
	@scripts/debian-packages
