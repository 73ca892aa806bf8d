# Everything a user or contributor needs: `make demo` and `make test` work on a fresh machine with Python 3.11+.
PYTHON ?= python3
VENV := .venv
SIZE ?= small
WORKERS ?= 2
# Each process of a journey would compile the whole package again where this is set.
unexport PYTHONDONTWRITEBYTECODE

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.PHONY: demo test exhaustive bench lint format docs clean

$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit("deskferry needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	touch $@

$(VENV)/.user: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ $(VENV)/.user

$(VENV)/.exhaustive: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[exhaustive]'
	touch $@

# The whole journey between two simulated desks, with its reports in ./deskferry-demo
demo: $(VENV)/.user
	$(BIN)/deskferry demo --dir deskferry-demo

# What a contributor needs, on SQLite and PostgreSQL, in under ten minutes on two cores
test: $(VENV)/.dev lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m "not exhaustive"

# Every crash point, full sizes, the vendors' machine-readable descriptions, Spark (which wants Java 17 or newer)
exhaustive: $(VENV)/.exhaustive
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m exhaustive

# Ratios to floors measured in the same run; exits 1 when a bound is missed. SIZE=full for the documented numbers
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks --size $(SIZE)

lint: $(VENV)/.dev
	$(BIN)/ruff check --output-format concise
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Pages and schemas that are generated from the code
docs: $(VENV)/.dev
	$(BIN)/python -m deskferry.canonical_schema.json_schema
	$(BIN)/python -m deskferry.canonical_schema.documentation
	$(BIN)/python -m deskferry.connectors.documentation
	$(BIN)/python -m deskferry.metrics.reference
	$(BIN)/python -m deskferry.validate.reference

clean:
	rm -rf $(VENV) deskferry-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
