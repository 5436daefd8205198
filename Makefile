# A fresh machine needs only Python 3.11 or newer (with pip and venv) and make: the rest installs itself into .venv.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/python tools/uv.py
PIP := $(BIN)/python -m pip --disable-pip-version-check
# No addresses in the lock files; one lock for every system and every Python from 3.11 on.
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate

# Python keeps what it has compiled, whatever the environment says: processes start in half the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test chromium lint format lock score mutations mutants audit coverage providers handbook docs bench clean distclean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/.dev ## install everything for working on the project

demo: .venv/.runtime ## refresh from the project's own pages and show what came of it
	@$(BIN)/ratecard demo --site .demo/site

# What lint says is shown after the tests, beside which it runs.
test: .venv/.dev chromium ## everything that has to hold before a change is handed in
	@said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
	$(MAKE) --no-print-directory lint >"$$said" 2>&1 & lint=$$!; \
	$(BIN)/pytest -n auto --dist loadgroup; tests=$$?; \
	wait $$lint; linted=$$?; cat "$$said"; \
	[ $$tests -eq 0 ] || echo "make test: the tests have failed"; \
	[ $$linted -eq 0 ] || echo "make test: lint has failed"; \
	[ $$tests -eq 0 ] && [ $$linted -eq 0 ]

# For the pages that only a browser can read. Where it cannot be installed, the tests that need it are skipped.
chromium:
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Chromium (once)" \
	&& apt-get -qq update >/dev/null 2>&1 \
	&& DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes chromium >/dev/null 2>&1; } \
	|| echo "There is no Chromium, and it cannot be installed here: tests that need it are skipped."

lint: .venv/.dev ## format, lint, types, imports, dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

format: .venv/.dev ## format, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Versions that are locked stay as they are while they fit; `make lock UPGRADE=--upgrade` takes newer ones.
lock: .venv/.setup ## remake requirements/*.txt from pyproject.toml
	$(COMPILE) $(UPGRADE) requirements/setup.in --output-file requirements/setup.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --constraints requirements/setup.txt --output-file requirements/runtime.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --group dev --extra browser --extra crosscheck --extra mcp --extra parquet --extra queue --extra s3 --extra serve --constraints requirements/setup.txt \
		--constraints requirements/runtime.txt --output-file requirements/dev.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --group bench --constraints requirements/setup.txt --constraints requirements/runtime.txt \
		--constraints requirements/dev.txt --output-file requirements/bench.txt

score: .venv/.runtime ## compare readings of real captures with independent truth (ARGS="--only openai")
	@if [ -d ../shared/tools ]; then PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python ../shared/tools/score.py $(ARGS); \
	else echo "There is no folder ../shared/tools: nothing to score against."; fi

mutations: .venv/.runtime ## alter pages on purpose and see what is published (ARGS="--seeds 8 --jobs 4")
	$(BIN)/python tools/mutations.py --write docs/mutations.md $(ARGS)

mutants: .venv/.dev ## alter the code itself and see whether the tests notice, docs/mutants.md (ARGS="scraper/diff.py")
	$(UV) pip install --quiet --group mutants
	$(BIN)/python tools/mutants.py $(ARGS)

# Strictly: what the index says nothing of has not been audited. Run apart from the environment, which it leaves alone.
audit: .venv/.setup ## ask the package index for known vulnerabilities of what is locked
	$(UV) tool run pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
	$(foreach lock,setup runtime dev,-r requirements/$(lock).txt)

coverage: .venv/.dev chromium ## run the tests, and print which lines they did not reach (ARGS="tests/test_money.py")
	$(UV) pip install --quiet --group coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist loadgroup $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

providers: .venv/.runtime ## write the tables of docs/providers.md
	$(BIN)/python tools/providers.py

handbook: .venv/.dev ## write the parts of the handbook that are made of code
	$(BIN)/python tools/handbook.py

docs: .venv/.dev ## build the handbook as a site, strictly: .handbook/index.html
	$(BIN)/mkdocs build --strict
	@echo "Open .handbook/index.html in a browser."

bench: .venv/.bench ## measure, and write docs/benchmarks.md (ARGS="crawl reading" measures some and prints)
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove what tools left behind
	rm -rf build dist mutants .coverage* .demo .handbook .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## remove the environment, too
	rm -rf .venv

# Each stamp is a step that is done; it is done again only when what it was done from has changed.
.venv/.setup: requirements/setup.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("ratecard needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	@echo "Setting up .venv (once)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --quiet --require-hashes -r requirements/setup.txt
	@touch $@

.venv/.runtime: .venv/.setup requirements/runtime.txt pyproject.toml
	@$(UV) pip install --quiet --require-hashes -r requirements/runtime.txt \
	|| { echo "uv could not install; trying pip."; $(PIP) install --quiet --require-hashes -r requirements/runtime.txt; }
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.runtime requirements/dev.txt
	@$(UV) pip install --quiet --require-hashes -r requirements/dev.txt \
	|| { echo "uv could not install; trying pip."; $(PIP) install --quiet --require-hashes -r requirements/dev.txt; }
	@touch $@

# What is measured against.
.venv/.bench: .venv/.dev requirements/bench.txt
	@$(UV) pip install --quiet --require-hashes -r requirements/bench.txt \
	|| { echo "uv could not install; trying pip."; $(PIP) install --quiet --require-hashes -r requirements/bench.txt; }
	@touch $@
