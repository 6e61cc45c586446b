# Two commands for newcomers: `make demo` and `make test`. Each sets up what it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint bench replay torture golden clean

help:
	@echo "make demo     the sample site, from files to feeds and inboxes, in a scratch folder"
	@echo "make test     the whole test suite"
	@echo "make check    format, lint, types, import contracts, tests: what CI runs"
	@echo "make lint     the same without the tests, in a minute"
	@echo "make format   put the code into its one format"
	@echo "make bench    measure every claim; WHOLE=1 adds a million readers, which takes minutes more"
	@echo "make replay   live through a year of a real site (PUBLISHER_REAL) and count what came"
	@echo "make torture  kill the sender, the server, the database and the disk at full size, and count"
	@echo "make golden   rewrite the golden files; review the difference"

demo: $(VENV)/.program
	@$(BIN)/publisher demo

test: $(VENV)/.workshop
	@$(PYTEST) -n $(WORKERS) --dist worksteal

check: lint test

lint: $(VENV)/.workshop
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.workshop
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.workshop
	@$(BIN)/python -m bench.start
	@$(BIN)/python -m bench.build
	@$(BIN)/python -m bench.opening
	@$(BIN)/python -m bench.composing
	@$(BIN)/python -m bench.smtp_client
	@$(BIN)/python -m bench.sending
	@$(BIN)/python -m bench.signing
	@if [ -n "$(WHOLE)" ]; then $(BIN)/python -m bench.whole; fi
	@$(BIN)/python -m bench.keeping
	@$(BIN)/python -m bench.serving
	@$(BIN)/python -m bench.importing
	@$(BIN)/python -m bench.signup

replay: $(VENV)/.workshop
	@test -n "$$PUBLISHER_REAL" || { echo "PUBLISHER_REAL must name the folder of real sites" >&2; exit 2; }
	@$(BIN)/python -m bench.replay "$$PUBLISHER_REAL/opentelemetry/content"

torture: $(VENV)/.workshop
	@$(BIN)/python -m tests.rig.torture $(SCENARIOS)

golden: $(VENV)/.workshop
	@PUBLISHER_GOLDEN=1 $(PYTEST) -n $(WORKERS) -k golden

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .hypothesis

# The environment: uv where it is installed, else pip; a stamp says what is in it.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "publisher needs Python 3.11 or newer; say which with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@if command -v uv >/dev/null; then uv venv --quiet --python $(PYTHON) $(VENV); \
	 else $(PYTHON) -m venv $(VENV); fi

$(VENV)/.program: pyproject.toml | $(BIN)/python
	@echo "installing publisher into $(VENV) ..."
	@if command -v uv >/dev/null; then uv pip install --quiet --compile-bytecode --python $(BIN)/python -e .; \
	 else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .; fi
	@$(BIN)/python -m compileall -q publisher
	@touch $@

$(VENV)/.workshop: pyproject.toml | $(BIN)/python
	@echo "installing publisher and its tools into $(VENV) ..."
	@if command -v uv >/dev/null; then uv pip install --quiet --compile-bytecode --python $(BIN)/python -e '.[dev]'; \
	 else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'; fi
	@$(BIN)/python -m compileall -q publisher
	@touch $(VENV)/.program $@
