# Everything a newcomer needs: `make demo`, `make test`. `make help` lists the rest.
# The only thing presumed is Python 3.11 or later, as `python3` or as PYTHON=...

SHELL := /bin/bash
PYTHON ?= python3
PY := .venv/bin/python
POETRY := .poetry/bin/poetry
NETWORK ?= Net3
REQUESTS ?= 200000
RUNS ?= 300
POETRY_READY := .poetry/.ready-2.5.1
VENV_READY := .venv/.ready
AZURITE_READY := .tools/azurite/.ready

# Another project's active environment must not receive our packages.
unexport VIRTUAL_ENV
unexport PYTHONPATH
unexport PYTHONHOME

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test clients fuzz chaos live lint format types layers ci bench peers clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1|\2/' | while IFS='|' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

setup: $(VENV_READY) $(AZURITE_READY) ## Install everything, in this folder only; quick when nothing changed

demo: setup ## Run the water network workload as a Batch job on this machine (NETWORK=Net1, Net3 or a file)
	$(PY) -m dispatcher run workloads.water_network --param network=$(NETWORK) --local-callback --end-with-parent

test: setup ## Run every test that needs no Azure account (ARGS=... goes to pytest)
	$(PY) -m pytest -m "not live and not clients" $(ARGS)

clients: setup ## Run clients that nobody here wrote against the service, each in an environment of its own
	$(PY) -m tests.clients.environments .tools/clients
	$(PY) -m pytest -m clients $(ARGS)

fuzz: setup ## Fuzz the service with so many requests (REQUESTS=200000; ARGS="--seed S" repeats a run)
	$(PY) -m tests.fuzz --requests $(REQUESTS) --sweep $(ARGS)

chaos: setup ## Run so many jobs with nodes, requests, uploads and job managers failing (RUNS=300; ARGS="--seed S")
	$(PY) -m tests.chaos --runs $(RUNS) $(ARGS)

live: setup ## Run the walk-through against the Azure account of the environment (docs/walkthrough.md)
	$(PY) -m pytest tests/live -m live -s $(ARGS)

lint: setup ## Check style and formatting
	$(PY) -m ruff check . && $(PY) -m ruff format --check .

format: setup ## Format the code
	$(PY) -m ruff format . && $(PY) -m ruff check --fix .

types: setup ## Check the types
	$(PY) -m mypy

layers: setup ## Check who imports whom
	.venv/bin/lint-imports

ci: ## Do what CI does: tests, style, types, layers
	.ci/run

bench: setup ## Run the benchmarks (ARGS="--quick service-rate"; what is there: ARGS=--help)
	$(PY) -m benchmarks $(ARGS)

peers: setup ## Install what the benchmarks run beside the service, each in an environment of its own
	$(PY) -m benchmarks.peers.environments .tools/peers

clean: ## Remove everything that setup installed and the tools' caches
	rm -rf .venv .poetry .tools .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(POETRY_READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or later is needed, as '$(PYTHON)' or as: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .poetry || { echo "error: '$(PYTHON) -m venv' fails; on Debian and Ubuntu install python3-venv" >&2; exit 1; }
	.poetry/bin/pip install --quiet --disable-pip-version-check poetry==2.5.1 poetry-plugin-export==1.10.1
	@touch $@

# Poetry decides what is installed, pip installs it: `poetry install` needs an index with the JSON API, which some package
# mirrors lack, while pip is content with the HTML pages that every index has. The hashes are those of poetry.lock.
$(VENV_READY): pyproject.toml poetry.lock $(POETRY_READY)
	$(POETRY) check --lock
	$(PYTHON) -m venv .venv
	$(POETRY) export --quiet --all-extras --all-groups --output .venv/requirements.txt
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement .venv/requirements.txt
	$(POETRY) install --quiet --only-root
	@touch $@

$(AZURITE_READY): dispatcher/azurite/package-lock.json dispatcher/azurite/install.py | $(VENV_READY)
	$(PY) -m dispatcher.azurite.install .tools
	@touch $@
