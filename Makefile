# Two commands: `make demo` shows every app at work, `make test` runs the whole suite. Both make .venv when it is missing.
PYTHON ?= python3
VENV := .venv
# Two processes, each with whole files: fixtures of a file are made once.
PYTEST_ARGS ?= -n 2 --dist loadfile
BIN := $(VENV)/bin
# Runs of the tests, one after another: what TensorFlow keeps of each file adds up to gigabytes in one process.
PAGE := $(addprefix tests/apps/test_,gallery.py gallery_server.py page.py pipeline.py) tests/cli tests/kinds
APPS := $(filter-out $(PAGE),$(wildcard tests/apps/test_*.py))
MODELS := tests/models tests/nn
TRAINING := tests/recipes tests/runtime tests/training
REST := $(filter-out tests/apps $(PAGE) $(MODELS) $(TRAINING),$(patsubst %/,%,$(wildcard tests/*/)) $(wildcard tests/test_*.py))
# The files and folders that are installed: when any of them changes, `zoo` is installed again (a copy, not a link to the
# clone). Folders change when a file in them is deleted.
SOURCES := setup.cfg pyproject.toml README.md $(shell find zoo apps weights ! -name '*.pyc' ! -name __pycache__)

# Python must not put the clone on its path: what runs is what was installed.
export PYTHONSAFEPATH := 1

.PHONY: demo test lint docs clean

demo: $(VENV)/.installed
	$(BIN)/zoo demo

test: $(VENV)/.tested
	@failed=; for part in "$(PAGE)" "$(APPS)" "$(MODELS)" "$(TRAINING)" "$(REST)"; do \
	  echo "pytest $$part"; $(BIN)/python -m pytest $(PYTEST_ARGS) $$part || failed=1; done; test -z "$$failed"

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Writes the generated tables of README.md and docs/; `make docs CHECK=--check` fails when they are stale.
docs: $(VENV)/.installed
	$(BIN)/python docs/tables.py $(CHECK)

# setuptools brings deleted files back from a stale build folder, so that goes first.
$(VENV)/.installed: $(SOURCES)
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	rm -rf build
	$(BIN)/python -m pip install --quiet .
	rm -rf build
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	rm -rf build
	$(BIN)/python -m pip install --quiet ".[test]"
	rm -rf build
	touch $@

clean:
	rm -rf $(VENV) build demo *.egg-info
