# Verso. Two commands on a fresh machine: `make demo` and `make test`. Nothing is needed but Python 3.11, make and git.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
CORES ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
SNAKEMAKE := $(BIN)/snakemake --profile profiles/local --cores $(CORES)
DEMO := $(SNAKEMAKE) --configfile config/demo.yaml --quiet host rules reason

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format config-docs benchmarks clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(BIN)/.run-installed  ## make .venv with everything that Verso runs on

# torch first and alone: asked for by another package it may come as a newer build of several GB
$(BIN)/.run-installed: requirements/run.txt requirements/constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check torch -c requirements/constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/run.txt -c requirements/constraints.txt
	@touch $@

$(BIN)/.development-installed: $(BIN)/.run-installed requirements/development.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/development.txt -c requirements/constraints.txt
	@touch $@

demo: $(BIN)/.run-installed  ## train six small models on the songs that ship with Verso, and report (minutes)
	@$(DEMO) && echo "The report of the demo: $$(pwd)/results/report.html"

test: $(BIN)/.development-installed lint  ## every check and every test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest

lint: $(BIN)/.development-installed  ## ruff, snakefmt, snakemake --lint, mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint --configfile config/demo.yaml
	$(BIN)/mypy

format: $(BIN)/.development-installed  ## put the code in its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/snakefmt Snakefile workflow

config-docs: $(BIN)/.run-installed  ## make the config's JSON Schema and table of keys anew
	PYTHONPATH=workflow/scripts $(BIN)/python -m verso.config_docs

benchmarks: $(BIN)/.run-installed  ## measure speed and memory (tests/benchmarks/README.md)
	set -e; for script in tests/benchmarks/*.py; do PYTHONPATH=workflow/scripts OMP_NUM_THREADS=1 $(BIN)/python $$script; done

clean:  ## remove .venv and caches; results stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
