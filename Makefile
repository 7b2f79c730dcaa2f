# Two commands matter: `make up` and `make test`. Everything they need lands in .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help venv up test lint types imports fix exact soak bench lock docs coverage clean

# The first interpreter that fits; PYTHON=… overrides.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
  && echo $$p && break; done)
BIN := .venv/bin
# Without a home there is no cache, and nothing to say about it.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input $(if $(wildcard $(HOME)/.),,--no-cache-dir) install -qq
INSTALLED := .venv/.installed

export PIP_ROOT_USER_ACTION := ignore
export PIP_NO_WARN_SCRIPT_LOCATION := 1
# Two spinning thread pools on one core are many times slower than one.
export OMP_WAIT_POLICY ?= PASSIVE
export OMP_NUM_THREADS ?= 1

help: ## Say what each target does
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

$(INSTALLED): requirements-torch.txt requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Atelier needs Python 3.11, 3.12 or 3.13."; exit 1; }
	@echo "install  virtual environment with $$($(PYTHON) --version) in .venv"
	@$(PYTHON) -m venv .venv
	@echo "install  torch ($$(tail -n 1 requirements-torch.txt))"
	@$(PIP) -r requirements-torch.txt
	@echo "install  everything else, by hash (requirements.lock)"
	@$(PIP) --no-deps --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check >/dev/null || $(BIN)/python -m pip check
	@touch $@

venv: $(INSTALLED) ## Make the virtual environment from the lock

up: $(INSTALLED) ## Start everything; PORT= and ATELIER_HOME= are passed on
	@exec $(BIN)/atelier up $(if $(PORT),--port $(PORT)) $(if $(ATELIER_HOME),--home "$(ATELIER_HOME)")

test: lint types imports ## Run every check and test but exact and soak
	@$(BIN)/pytest --ignore=tests/exact --ignore=tests/soak $(ARGS)

lint: $(INSTALLED) ## Check style and format with ruff
	@echo "check    ruff" && $(BIN)/ruff check --quiet .
	@echo "check    ruff format" && $(BIN)/ruff format --check --quiet .

types: $(INSTALLED) ## Check types with mypy, strict
	@echo "check    mypy" && $(BIN)/mypy --no-error-summary

imports: $(INSTALLED) ## Check that imports point down
	@echo "check    import contracts" && $(BIN)/lint-imports --no-logo

fix: $(INSTALLED) ## Mend what ruff can mend, and format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

exact: $(INSTALLED) ## Compare pixels with diffusers: every scheduler, task and family
	@$(BIN)/pytest tests/exact $(ARGS)

soak: $(INSTALLED) ## Run for a long time and watch memory, files and connections
	@$(BIN)/pytest tests/soak $(ARGS)

PEERS := bench/.peers/.installed

$(PEERS): $(INSTALLED) bench/peers.lock
	@echo "install  the benchmarks' peers (bench/peers.lock)"
	@rm -rf bench/.peers
	@$(PIP) --no-deps --require-hashes --target bench/.peers -r bench/peers.lock
	@touch $@

bench: $(PEERS) ## Measure and print the benchmarks
	@exec $(BIN)/python -m bench $(ARGS)

docs: $(INSTALLED) ## Write the generated pages of docs/ again
	@$(BIN)/python -m docs.generate

coverage: $(INSTALLED) ## Run the unit and integration tests and show lines and branches missed
	@$(BIN)/pytest tests/unit tests/contract tests/integration --cov $(ARGS)

lock: $(INSTALLED) ## Resolve pyproject.toml into requirements.lock again; UPGRADE=1 takes new releases
	@CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --all-extras --generate-hashes \
	  --strip-extras --unsafe-package torch --constraint requirements-torch.txt \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  $(if $(UPGRADE),--upgrade) --output-file requirements.lock pyproject.toml
	@sed -i '/^# WARNING: The following/,$$d' requirements.lock  # torch is left out on purpose

clean: ## Remove what the tools left, but not .venv
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage*
