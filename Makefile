# Everything a person or a CI machine runs. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# --isolated is not used: an operator's own index, mirror and cache settings are to be honoured.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
TORCH := $(shell sed -n 's/^torch==/torch==/p' requirements.lock)
CODE := models workers services benchmarks
TESTS ?= tests
# A file is run in one process, so that what its tests share is made once; each process loads models of its own.
JOBS ?= auto

.PHONY: help setup demo fetch test lint types imports check lock clean system

help: ## List the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## Make .venv with the command `reelwise`; a second run is instant

demo: setup ## Analyse a handful of real clips, search them, recommend from them
	@$(BIN)/reelwise demo

fetch: setup ## Fetch and check the lite weights (about 635 MB, resumable)
	@$(BIN)/python -m models.weights fetch

test: setup fetch ## Run the tests (TESTS=path narrows them, JOBS=0 runs them in one process)
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --maxprocesses 3 --dist loadfile $(TESTS)

lint: setup ## Style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup ## Static types, strict
	@$(BIN)/mypy

imports: setup ## Who may import whom
	@$(BIN)/lint-imports

check: lint types imports ## lint, types and imports

# What the machine should have beside Python. Only looked for, and installed where this user may; nothing here is needed
# by the lite profile at run time, so what is missing is named and skipped.
system: $(VENV)/.system

$(VENV)/.system:
	@mkdir -p $(VENV)
	@.ci/system-packages
	@touch $@

$(BIN)/python: | $(VENV)/.system
	@.ci/make-venv $(VENV)

# PyTorch goes first and alone, so that the machine's own choice of build applies: set pip's own `index-url`,
# `extra-index-url` or `find-links` (pip config, or PIP_INDEX_URL and friends) to an index that holds CPU builds where no
# GPU is to be used; otherwise the default build may bring a GPU's libraries along.
# The rest is installed exactly as locked, without resolving: `scenedetect` asks for `opencv-python`, which needs a display's
# libraries, and the lock holds `opencv-python-headless` in its place.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Setting up $(VENV) ($$($(BIN)/python --version)); the first time takes a few minutes."
	@if $(BIN)/python -c "import importlib.metadata as m, sys; sys.exit(m.version('torch').split('+')[0] != '$(TORCH)'.split('==')[1])" 2>/dev/null; \
	  then echo "  $(TORCH) is there"; else echo "  installing $(TORCH)"; $(PIP) install -qq --progress-bar off $(TORCH); fi
	@echo "  installing the locked packages"
	@grep -v '^torch==' requirements.lock | $(PIP) install -qq --progress-bar off --no-deps -r /dev/stdin
	@$(PIP) install -qq --progress-bar off 'setuptools>=80'
	@$(PIP) install -qq --progress-bar off --no-deps --no-build-isolation -e .
	@touch $@
	@echo "Set up: $(BIN)/reelwise"

lock: ## Write requirements.lock anew from what .venv holds
	@.ci/write-lock $(BIN)/python > requirements.lock.new
	@mv requirements.lock.new requirements.lock
	@touch $(VENV)/.installed
	@echo "requirements.lock: $$(grep -c '==' requirements.lock) packages"

clean: ## Remove .venv and what tools leave behind; weights and data stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
