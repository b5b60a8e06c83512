# Every task of the project. `make help` lists them; `make demo` and `make test` are all a newcomer needs.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
DATA ?=
export UV_NO_PROGRESS ?= 1
# Of another project, where somebody has them set.
unexport DJANGO_SETTINGS_MODULE PYTHONPATH PYTHONHOME

.PHONY: help setup demo serve test check check-types check-rest format bench lock openapi migrations clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo "  make bench-NAME   one benchmark: $(BENCHMARKS)"

setup: .venv/lightfm.stamp ## make .venv and install what the product needs, pinned and hashed

demo: setup ## from a clone to a serving product with real books; DATA=folder loads the full goodbooks
	@$(BIN)/python manage.py demo $(if $(DATA),--data $(DATA))
	@exec $(BIN)/python manage.py serve

serve: setup ## serve what is there: web workers and the job runner
	@exec $(BIN)/python manage.py serve

# Stamps: each step runs again when its lock changes. `sync` also removes what the lock no longer names.
.venv/uv.stamp: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "epicml needs Python 3.11 to 3.13, and $(PYTHON) is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv .venv || { echo "python3 could not make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $@

.venv/runtime.stamp: .venv/uv.stamp requirements.txt
	@echo "Installing what the product needs ..."
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.txt requirements/uv.txt
	@touch $@

.venv/lightfm.stamp: .venv/runtime.stamp requirements/lightfm.txt
	@echo "Building LightFM ..."
	@LIGHTFM_NO_CFLAGS=1 $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes \
	  -r requirements/lightfm.txt > .venv/lightfm.log 2>&1 \
	  || echo "LightFM could not be built here (a C compiler is missing, or see .venv/lightfm.log): the numpy recommenders serve alone."
	@touch $@

.venv/dev.stamp: .venv/lightfm.stamp requirements/dev.txt
	@echo "Installing what checks and tests need ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

KNOW_A_DATABASE := tests/apps tests/config tests/demo tests/safety tests/test_conftest.py tests/test_sealing.py
# Two at once: each has a folder, a database and servers of its own. More cores are left to whoever works there.
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist loadfile
test: .venv/dev.stamp ## the whole suite, on SQLite and again on PostgreSQL where it is installed
	$(PYTEST)
	$(PYTEST) --database postgresql -m "not browser and not once" $(KNOW_A_DATABASE)

check: check-types check-rest ## lint, format, types, import contracts, migrations, OpenAPI snapshot

# The longest by far, and on one core: `make --jobs 2 check` does the rest beside it.
check-types: .venv/dev.stamp
	$(BIN)/mypy .

check-rest: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --cache-dir .import_linter_cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn | diff -u docs/openapi.yaml - \
	  || { echo "docs/openapi.yaml is not what the code says: run make openapi and read the difference."; exit 1; }

format: .venv/dev.stamp ## put the code into the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

openapi: setup ## write the OpenAPI snapshot
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

BENCHMARKS := keystrokes suggest recommender_quality recommendations catalogue events served_lists imports jobs outages \
  two_machines attacks resampling demo
bench: $(addprefix bench-,$(BENCHMARKS)) ## every figure of the README, measured here and now

bench-%: .venv/dev.stamp
	@$(BIN)/python -m benchmarks.$*

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
lock: .venv/uv.stamp ## compile the requirement files anew (one lock for Python 3.11 to 3.13)
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements/lightfm.in -o requirements/lightfm.txt
	$(COMPILE) requirements/dev.in -o requirements/dev.txt

clean: ## remove what was derived: environment, caches, local database
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
