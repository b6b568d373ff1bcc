# lambda-fleet. `make up` and `make test` work from nothing but Python 3.11, Node 20, make and git.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
BIN := .venv/bin
STAGE ?= local

NODE_FUNCTIONS := $(patsubst %/package-lock.json,%,$(wildcard functions/*/*/package-lock.json))
PYTHON_FUNCTIONS := $(patsubst %/bundle.toml,%,$(shell grep -l '^kind = "python"' functions/*/*/bundle.toml))
LOCKED := $(patsubst %/requirements.in,%,$(wildcard functions/*/*/requirements.in))
# Lambda's Python runtimes bring the AWS SDK, and so does the embedded AWS: packages don't carry it again.
SDK := --no-emit-package boto3 --no-emit-package botocore --no-emit-package s3transfer

.PHONY: help
help: ## what can be typed
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

.PHONY: setup
setup: .venv/.ready .fleet/emulator/.ready $(addsuffix /node_modules/.ready,$(NODE_FUNCTIONS)) .fleet/bundles.ready ## install what is locked, build the packages

.venv/.uv: requirements/bootstrap.txt
	@echo "setup: .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

.venv/.ready: .venv/.uv requirements/dev.txt pyproject.toml
	@echo "setup: Python packages (requirements/dev.txt)"
	@$(BIN)/uv pip sync --quiet --require-hashes --python .venv requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	@touch $@

.fleet/emulator/.ready: .venv/.uv requirements/emulator.txt
	@echo "setup: embedded AWS (requirements/emulator.txt)"
	@mkdir -p .fleet
	@test -x .fleet/emulator/bin/python || $(PYTHON) -m venv --without-pip .fleet/emulator
	@$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python .fleet/emulator requirements/emulator.txt
	@touch $@

%/node_modules/.ready: %/package-lock.json
	@echo "setup: npm packages ($*)"
	@npm ci --prefix $* --silent --no-audit --no-fund
	@touch $@

.fleet/bundles.ready: .venv/.ready $(addsuffix /node_modules/.ready,$(NODE_FUNCTIONS)) $(shell find functions -name requirements.txt -not -path '*/node_modules/*')
	@$(BIN)/fleet build --target lambda --target machine
	@touch $@

.PHONY: up
up: setup ## deploy the local stage to the sandbox and call every function once
	@$(BIN)/fleet up --stack $(STAGE) --yes
	@$(BIN)/fleet try --stack $(STAGE)

.PHONY: down
down: ## stop the embedded AWS and PostgreSQL
	@test ! -x $(BIN)/fleet || $(BIN)/fleet down

.PHONY: clean
clean: down ## forget the sandbox's state, its database and the built packages
	@rm -rf .fleet/stacks .fleet/sandbox .fleet/bundles.ready build

.PHONY: pictures
pictures: setup ## draw the systems of prod again (docs/pictures)
	@$(BIN)/fleet stack graph --stack prod --file 'docs/pictures/{system}.svg'

.PHONY: lint
lint: .venv/.ready ## ruff, mypy, import lines, GitHub's workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@for folder in $(PYTHON_FUNCTIONS); do (cd $$folder && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache/functions .) || exit 1; done
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml
	@$(BIN)/actionlint -shellcheck= -pyflakes= .github/workflows/*.yml
	@$(BIN)/zizmor --offline --no-progress --quiet .github

# Checks, tests that work and tests that wait for the embedded AWS's clock run side by side.
.PHONY: test
test: ## every check and test
	@$(MAKE) --no-print-directory --jobs 3 lint tests waiting-tests

.PHONY: tests
tests: setup
	@$(BIN)/pytest -m 'not waits' --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: waiting-tests
waiting-tests: setup
	@$(BIN)/pytest -m waits --quiet

.PHONY: bench
bench: setup ## timings, medians and memory, against the stated targets
	@$(BIN)/python -m tests.bench

.PHONY: lock
lock: .venv/.uv ## resolve requirements/*.in anew
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade requirements/emulator.in -o requirements/emulator.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade -c requirements/emulator.txt requirements/dev.in -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/dev.txt requirements/bootstrap.in -o requirements/bootstrap.txt
	@for folder in $(LOCKED); do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(SDK) -c requirements/dev.txt $$folder/requirements.in -o $$folder/requirements.txt; done
