# Every target does its own set-up. You need Python 3.11 or newer and make. Node and the CDK are installed.
# `clients` and `browser` need more.
PYTHON ?= python3
CLOUD_PORT ?= 4566
INSTANCE ?= 11111111-1111-4111-8111-111111111111
ARGS ?=

READY := .venv/.ready
REQUIREMENTS := requirements.txt requirements-bench.txt requirements-browser.txt requirements-docs.txt requirements-release.txt
JAVASCRIPT := examples/clients/javascript
WEB := examples/web
# The clients that the tests of the local cloud's chats run.
CHATJS := tests/local/chatjs
# The Python that runs the functions in AWS, and the functions' tests.
RUNTIME := .python3.14/python3.14
FUNCTIONS := $(patsubst lambda/%/__init__.py,tests/unit/%,$(wildcard lambda/*/__init__.py))
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
# A user's own settings must not reach the tools.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_SESSION_TOKEN SOURCE_DATE_EPOCH

.PHONY: setup demo chat browser test lint style types pytest unit synth unit-and-synth rule bounds commands local-cloud prove runtime clients bench docs cloud deploy destroy format build clean

setup: $(READY)

$(READY): requirements.txt constraints.txt package.json package-lock.json pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, got " + sys.version.split()[0] + "; choose another one with PYTHON=...")'
	@echo "Setting up .venv (about a minute, once) ..."
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@npm ci --loglevel=error --ignore-scripts --no-audit --no-fund
	@touch $@

demo: $(READY) ## Show customers who sign in and come back, on the local cloud
	@python -m local.demo

chat: $(READY) $(WEB)/node_modules/.ready ## Chat as a customer and as an agent, in a browser, on the local cloud, until Ctrl-C
	@python -m local.chat

browser: $(READY) $(WEB)/node_modules/.ready ## Test the chat page in Chromium; installs Chromium on Debian
	@python -m pip install --quiet --disable-pip-version-check -r requirements-browser.txt -c constraints.txt
	@python -m local.chromium
	python -m pytest tests/browser $(ARGS)

# Without ARGS, parts run in parallel. The tests of the local cloud often wait, for example until a quota allows more. They
# do not wait for a processor, because the other parts are nice.
test: style ## Check format, lint and types, and run all tests except the long ones
ifeq ($(strip $(ARGS)),)
	@$(MAKE) --no-print-directory -j3 unit-and-synth local-cloud types MARK="not prove"
else
	@$(MAKE) --no-print-directory types pytest
endif

lint: style types ## Check format, lint and types

style: $(READY)
	ruff format --check .
	ruff check .

types: $(READY)
	nice mypy

pytest: $(READY) $(CHATJS)/node_modules/.ready ## Run all tests except the long ones
	python -m pytest -m "not prove" $(ARGS)

unit synth unit-and-synth: TESTS = $(addprefix tests/,$(subst -and-, ,$@)) $(LEFT_OUT:%=--ignore=%)
rule: TESTS = $(RULE)
bounds: TESTS = $(BOUNDS)
commands: TESTS = $(COMMANDS)
NICE := nice
commands: NICE =
# Printed at the end, so that the lines of two runs do not mix.
unit synth unit-and-synth rule bounds commands: $(READY)
	@mkdir -p .pytest_cache
	@$(NICE) python -m pytest -q -m "$(MARK)" $(TESTS) >.pytest_cache/$@.txt 2>&1; status=$$?; \
	cat .pytest_cache/$@.txt; exit $$status

local-cloud: $(READY) $(CHATJS)/node_modules/.ready
	python -m pytest -m "$(MARK)" tests/local $(LEFT_OUT:%=--ignore=%)

# Tests that measure time run alone.
TIMED := tests/local/test_limits.py tests/local/test_timing.py
# Apart, so that no part takes much longer than the others.
RULE := tests/unit/association
BOUNDS := tests/synth/test_bounds.py
COMMANDS := $(addprefix tests/local/test_,commands.py history_models.py verify.py)

prove: $(READY) $(CHATJS)/node_modules/.ready ## Run the long tests: random histories, timing, load, mutation
ifeq ($(strip $(ARGS)),)
	@$(MAKE) --no-print-directory -j4 rule unit local-cloud commands bounds synth MARK=prove \
		LEFT_OUT="$(TIMED) $(RULE) $(BOUNDS) $(COMMANDS)"
	python -m pytest -m prove $(TIMED)
else
	python -m pytest -m prove $(ARGS)
endif

clients: $(READY) $(JAVASCRIPT)/node_modules/.ready ## Run the samples of examples/clients; needs curl and R, and installs them on Debian
	@python -m local.samples

%/node_modules/.ready: %/package.json %/package-lock.json | $(READY)
	@echo "Installing the packages of $* (some seconds, once) ..."
	@npm ci --prefix $* --loglevel=error --ignore-scripts --no-audit --no-fund
	@touch $@

runtime: $(RUNTIME) ## Run the functions' unit tests and cold starts on the Python that AWS Lambda has
	$(RUNTIME) -m pytest -m "not prove" $(FUNCTIONS) $(ARGS)
	python -m bench.cold $(RUNTIME)

$(RUNTIME): bench/runtime.py constraints.txt | $(READY)
	@python -m bench.runtime

bench: $(READY) ## Run the benchmarks, and write docs/benchmarks.md and its pictures
	@python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt -c constraints.txt
	python -m bench

# Sphinx leaves out what nobody documented, so the tests look for it first.
docs: $(READY) ## Build the guide and the reference into site/; a dead link or an undocumented parameter fails
	@python -m pip install --quiet --disable-pip-version-check -r requirements-docs.txt -c constraints.txt
	python -m pytest -q tests/synth/test_reference.py
	@rm -rf site
	sphinx-build --fail-on-warning --keep-going --quiet docs site
	@rm -r site/.doctrees

cloud: $(READY) ## Run the local cloud in the foreground
	@python -m local --port $(CLOUD_PORT)

deploy: $(READY) ## Deploy the app's stack to the local cloud that is running
	@python -m local.deploy --port $(CLOUD_PORT) deploy -c instance=$(INSTANCE) $(ARGS)

destroy: $(READY) ## Delete the app's stack from the local cloud that is running
	@python -m local.deploy --port $(CLOUD_PORT) destroy -c instance=$(INSTANCE) $(ARGS)

format: $(READY) ## Format, and fix what the linter can fix
	ruff format .
	ruff check --fix .

.PHONY: constraints newest-cdk sbom release changelog

# Nothing is installed: pip resolves, and reports what it would install.
constraints: ## Write constraints.txt again, with the oldest Python; ARGS="-c constraints.txt" only adds what is missing
	@$(PYTHON) -m venv --clear .venv-constraints
	@.venv-constraints/bin/python -m pip install --quiet --disable-pip-version-check --dry-run \
		--report .venv-constraints/report.json $(REQUIREMENTS:%=-r %) $(ARGS)
	@$(PYTHON) -c 'import json, sys; print(*sorted(("{name}=={version}".format_map(one["metadata"]) for one in json.load(sys.stdin)["install"]), key=str.upper), sep="\n")' \
		<.venv-constraints/report.json >.venv-constraints/pins
	@mv .venv-constraints/pins constraints.txt
	@rm -rf .venv-constraints

# Afterwards .venv does not match the pins, so the next target sets it up again.
newest-cdk: $(READY) ## Run the tests of the templates with the newest CDK
	@rm $(READY)
	@python -m pip install --quiet --disable-pip-version-check --upgrade --upgrade-strategy eager \
		$$(python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"])')
	python -m pytest -m "not prove" tests/synth tests/unit/constructs $(ARGS)

# The first wheel is made from the sdist, the second from the checkout, under another umask.
build: $(READY) ## Build the wheels and the sdists twice, into dist/, and compare them byte by byte
	@rm -rf dist
	@for project in . local; do \
		python -m build --no-isolation --outdir dist $$project && \
		(umask 077; python -m build --no-isolation --sdist --wheel --outdir dist/again $$project >/dev/null) || exit 1; \
	done
	@for file in dist/*.whl dist/*.tar.gz; do cmp "$$file" "dist/again/$${file#dist/}" || exit 1; done
	@rm -r dist/again

sbom: build ## Write dist/sbom.cdx.json and dist/sbom-local.cdx.json (CycloneDX): what each of the wheels needs
	@python -m pip install --quiet --disable-pip-version-check -r requirements-release.txt -c constraints.txt
	@set -e; for one in ". sbom connect_persistent_chat commands" "local sbom-local connect_persistent_chat_local"; do \
		set -- $$one; \
		$(PYTHON) -m venv --clear --without-pip .venv-sbom; \
		python -m pip --python .venv-sbom install --quiet --disable-pip-version-check -c constraints.txt \
			"$$(echo dist/$$3-*.whl)$${4:+[$$4]}"; \
		cyclonedx-py environment --pyproject $$1/pyproject.toml --output-reproducible --output-file dist/$$2.cdx.json .venv-sbom; \
	done
	@rm -rf .venv-sbom

release: ## Build what is published, into dist/; TAG=v1.2.3 must fit pyproject.toml and CHANGELOG.md
	@for file in pyproject.toml local/pyproject.toml; do \
		grep --quiet --line-regexp --fixed-strings "version = \"$${TAG#v}\"" $$file || \
		{ echo "The tag is $$TAG, but $$file has another version. Change one of them."; exit 1; }; \
	done
	@grep --quiet --extended-regexp "^## $${TAG#v} \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$$" CHANGELOG.md || \
		{ echo "CHANGELOG.md has no line '## $${TAG#v} (<year>-<month>-<day>)'. Write one."; exit 1; }
	@$(MAKE) --no-print-directory sbom

changelog: ## Fail if the public interface changed since BASE (a commit) and CHANGELOG.md did not
	@git rev-parse --quiet --verify "$$BASE^{commit}" >/dev/null || \
		{ echo "BASE has to name a commit, got '$$BASE'. Run: make changelog BASE=<commit>"; exit 1; }
	@git diff --quiet "$$BASE" -- tests/synth/snapshots/interface.txt || ! git diff --quiet "$$BASE" -- CHANGELOG.md || \
		{ echo "The public interface changed since $$BASE, but CHANGELOG.md did not. Name the change there."; exit 1; }

clean: ## Delete what the targets made
	rm -rf .venv .python3.14 node_modules $(JAVASCRIPT)/node_modules $(CHATJS)/node_modules $(WEB)/node_modules cdk.out cdk-outputs.json dist site
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
