# Every target does its own set-up. Needs Python 3.11 or newer and make; Node and the CDK come with it.
PYTHON ?= python3
CLOUD_PORT ?= 4566
INSTANCE ?= 11111111-1111-4111-8111-111111111111
ARGS ?=

READY := .venv/.ready
# What the functions run on in AWS, and which tests are theirs.
RUNTIME := .python3.14/python3.14
FUNCTIONS := $(patsubst lambda/%/__init__.py,tests/unit/%,$(wildcard lambda/*/__init__.py))
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
# A user's own settings must not reach the tools.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_SESSION_TOKEN

.PHONY: setup demo test lint pytest test-synth test-local prove runtime bench cloud deploy destroy format build clean

setup: $(READY)

$(READY): requirements.txt constraints.txt package.json package-lock.json pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, got " + sys.version.split()[0] + "; name another with PYTHON=...")'
	@echo "Setting up .venv (about a minute, once) ..."
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@npm ci --loglevel=error --ignore-scripts --no-audit --no-fund
	@touch $@

demo: $(READY) ## A customer who comes back, on the local cloud
	@python -m local.demo

# Without ARGS, what needs no cloud runs beside the rest, on the other processor.
SUITES := $(if $(strip $(ARGS)),lint pytest,test-synth test-local)

test: $(READY) ## Format, lint, types, unit, synth, local
	@$(MAKE) --no-print-directory -j2 $(SUITES)

lint: $(READY) ## Format, lint, types
	ruff format --check .
	ruff check .
	mypy

pytest: $(READY) ## All tests but the long ones
	python -m pytest -m "not prove" $(ARGS)

# Told at the end, so that the lines of two runs do not mix.
test-synth: lint
	@mkdir -p .pytest_cache
	@python -m pytest -q -m "not prove" --ignore=tests/local >.pytest_cache/synth.txt 2>&1; status=$$?; \
	cat .pytest_cache/synth.txt; exit $$status

test-local: $(READY)
	python -m pytest -m "not prove" tests/local

prove: $(READY) ## The long suites: histories, timing, mutation
	python -m pytest -m prove $(ARGS)

runtime: $(RUNTIME) ## The functions' own tests and cold starts, on the Python that AWS has
	$(RUNTIME) -m pytest -m "not prove" $(FUNCTIONS) $(ARGS)
	python -m bench.cold $(RUNTIME)

$(RUNTIME): bench/runtime.py constraints.txt | $(READY)
	@python -m bench.runtime

bench: $(READY) ## The benchmarks, with docs/benchmarks.md and its pictures
	@python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt -c constraints.txt
	python -m bench

cloud: $(READY) ## The local cloud in the foreground
	@python -m local --port $(CLOUD_PORT)

deploy: $(READY) ## The app's stack to the local cloud that runs
	@python -m local.deploy --port $(CLOUD_PORT) deploy -c instance=$(INSTANCE) $(ARGS)

destroy: $(READY) ## The app's stack away from the local cloud that runs
	@python -m local.deploy --port $(CLOUD_PORT) destroy -c instance=$(INSTANCE) $(ARGS)

format: $(READY) ## Format, and mend what the linter can
	ruff format .
	ruff check --fix .

build: $(READY) ## The wheel and the sdist, in dist/
	python -m build --no-isolation

clean: ## Away with what the targets made
	rm -rf .venv .python3.14 node_modules cdk.out cdk-outputs.json dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
