# What a newcomer needs: `make drill` runs a drill, `make test` the tests. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REPORTS ?= reports
# Most tests wait for real servers: more of them at once than there are processors.
WORKERS ?= 4
# A drill is many short programs: where Python may keep nothing, each of them is compiled anew at every start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help drill test lint type bench sample images lock clean

help:
	@echo "make drill   set up, run the first drill on the embedded replica, print where the report is"
	@echo "make test    set up, run linters, type checks and every test"
	@echo "make bench   run the benchmarks; results go to bench/results/"
	@echo "make sample  run the drill that ships as a sample anew, and take the README's picture"
	@echo "make images  build the compose replica's images where no image registry is reachable (as root)"
	@echo "make lock    write requirements/*.txt anew from pyproject.toml"
	@echo "make clean   remove the virtual environment and caches of this folder"

drill: $(VENV)/.drill-ready
	$(BIN)/blackstart run scenarios/vault/auth-503.yaml --reports-dir $(REPORTS)

test: lint type
	$(BIN)/pytest --numprocesses $(WORKERS)

lint: $(VENV)/.test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/blackstart check

type: $(VENV)/.test-ready
	$(BIN)/mypy

bench: $(VENV)/.test-ready
	for each in bench/[a-z]*.py; do case $$each in */machine.py) ;; *) $(BIN)/python $$each --out || exit 1;; esac; done

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/bootstrap.txt

$(VENV)/.drill-ready: $(VENV)/bin/uv requirements/runtime.txt pyproject.toml
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --compile-bytecode --require-hashes --requirement requirements/runtime.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test-ready: $(VENV)/.drill-ready requirements/dev.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --compile-bytecode --require-hashes --requirement requirements/dev.txt
	@touch $@

sample: $(VENV)/.test-ready
	$(BIN)/python docs/make_sample.py

images:
	images/bake

lock: $(VENV)/bin/uv
	for each in bootstrap compose compose-build go; do $(BIN)/uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --upgrade requirements/$$each.in --output-file requirements/$$each.txt || exit 1; done
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --upgrade pyproject.toml --output-file requirements/runtime.txt
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --upgrade --extra dev pyproject.toml --output-file requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
