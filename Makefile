# First use of a target sets up what it needs in .venv; later uses are instant.
# Needs: Python 3.11 or later with venv, make. uv is used where it is on the PATH.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
JOBS ?= 2

ifdef UV
  MAKE_VENV = $(UV) venv --quiet --seed --python $(PYTHON) $(VENV)
  INSTALL = $(UV) pip install --quiet --python $(BIN)/python
  COMPILE = $(UV) pip compile
else
  MAKE_VENV = $(PYTHON) -m venv $(VENV)
  INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
  COMPILE = $(VENV)-uv/bin/uv pip compile
endif

# What `make quick` runs: everything up to screening that asks no warehouse, and the tables that say
# what is meant.
QUICK := $(addprefix tests/,core clinical vocabulary protocol evidence rules safety dosing screening \
  spec conformance trials docs house)
QUICK += $(addprefix --ignore=tests/evidence/,omop test_warehouse.py test_warehouse_files.py)
UNIT := not (slow or browser or proxy or postgres or spark)

SOURCES := $(wildcard src tests benchmarks docs scripts)
TEMPLATES := src/gradatim/web
REPORTS := $(wildcard src/gradatim/reports/templates/*.html.j2)

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint format docs bench guard audit sbom requirements clean
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## open the bundled trial, part-way through, in the web application
	@$(BIN)/gradatim demo $(ARGS)

test: $(VENV)/.dev ## run every test; suites that could not run are named at the end
	@scripts/setup-debian browser chromium chromium chromium-browser google-chrome
	@scripts/setup-debian proxy nginx-light nginx
	@scripts/setup-debian "linguistic order" postgresql pg_ctlcluster
	@scripts/setup-cql
	@scripts/setup-java $(BIN)/python $(INSTALL)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

quick: $(VENV)/.dev ## run the unit and spec tests, which need no server and no browser
	$(BIN)/python -m pytest -n $(JOBS) -m "$(UNIT)" $(QUICK) $(ARGS)

lint: $(VENV)/.dev ## style, types, floors, and drift of the generated pages
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/djangofmt --quiet --check $(TEMPLATES)
	$(BIN)/djangofmt --quiet --check --profile jinja $(REPORTS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(BIN)/python scripts/compile_messages.py --check

format: $(VENV)/.dev ## rewrite code and templates in the house style
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/djangofmt --quiet $(TEMPLATES)
	$(BIN)/djangofmt --quiet --profile jinja $(REPORTS)

docs: $(VENV)/.docs ## generate the pages, build the site into site/, check every link
	$(BIN)/python docs/generate.py
	$(BIN)/zensical build --clean --strict
	$(BIN)/python scripts/check_links.py

bench: $(VENV)/.dev ## run the benchmarks
	$(BIN)/python -m benchmarks

guard: $(VENV)/.dev ## measure again what docs/benchmarks.md promises; ends with 1 where it is worse by a third
	@$(BIN)/python -m benchmarks guard $(ARGS)

audit: $(VENV)/.dev ## look the pinned packages up among known vulnerabilities; needs the network
	@$(BIN)/python scripts/audit.py $(ARGS)

sbom: $(VENV)/.dev ## print a bill of materials, CycloneDX
	@$(BIN)/python scripts/sbom.py

# --- set-up -------------------------------------------------------------------
# A stamp per set of requirements: the demo does not wait for the test tools.
# The editable install uses the pinned build tools of runtime.txt and fetches nothing. PySpark comes
# as source only; it is built with the pinned tool of sdist.txt.

$(BIN)/python:
	@echo "Making $(VENV) with $(PYTHON) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "gradatim needs Python 3.11 or later; say which one: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(MAKE_VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "Installing gradatim ..."
	@$(INSTALL) --require-hashes -r requirements/runtime.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing the test tools (of which Spark is 450 MB) ..."
	@$(INSTALL) --require-hashes -r requirements/sdist.txt
	@$(INSTALL) --require-hashes --no-build-isolation -r requirements/dev.txt
	@touch $@

$(VENV)/.docs: requirements/docs.txt $(VENV)/.dev
	@echo "Installing the documentation tools ..."
	@$(INSTALL) --require-hashes -r requirements/docs.txt
	@touch $@

# --- requirements ---------------------------------------------------------------
# One resolution, several files: what runtime.txt pins, all others pin alike.

PINNED = --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

requirements: $(if $(UV),,$(VENV)-uv/bin/uv) ## pin the newest versions that pyproject.toml allows
	$(COMPILE) $(PINNED) --upgrade pyproject.toml requirements/build.in -o requirements/runtime.txt
	$(COMPILE) $(PINNED) --upgrade pyproject.toml --extra postgres -c requirements/runtime.txt -o requirements/postgres.txt
	$(COMPILE) $(PINNED) --upgrade pyproject.toml --extra spark -c requirements/runtime.txt -o requirements/spark.txt
	$(COMPILE) $(PINNED) --upgrade pyproject.toml --extra dev -c requirements/runtime.txt \
	  -c requirements/postgres.txt -c requirements/spark.txt -o requirements/dev.txt
	$(COMPILE) $(PINNED) --upgrade requirements/sdist.in -o requirements/sdist.txt
	$(COMPILE) $(PINNED) --upgrade requirements/java.in -o requirements/java.txt
	$(COMPILE) $(PINNED) --upgrade pyproject.toml --extra docs -c requirements/dev.txt -o requirements/docs.txt

$(VENV)-uv/bin/uv:
	@$(PYTHON) -m venv $(VENV)-uv
	@$(VENV)-uv/bin/python -m pip install --quiet --disable-pip-version-check uv

clean: ## remove the environments and everything built
	rm -rf $(VENV) $(VENV)-uv build dist site .cache .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis
	find src tests benchmarks docs scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
