# bimeyar: every command sets up what it needs. `make up` runs the whole hub; `make test` proves it.
PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python
CHANNEL ?= terminal
AUDIENCE ?= people
LANG   ?= fa
NAME   ?=
export PYTHONDONTWRITEBYTECODE ?=

.PHONY: up test check browser chat job reset faults bench locales texts lock bom help

help:
	@echo "make up       run the whole hub on this machine, with the outside world on a desk"
	@echo "make test     the test suite, on SQLite and PostgreSQL"
	@echo "make check    format, lint, types, the house's arrows, translations, secrets"
	@echo "make browser  walk the desk in Chromium"
	@echo "make chat     talk to the running hub in this terminal (CHANNEL=terminal|telegram|bale|sms|web AUDIENCE=people|employers LANG=fa|en|ar|ckb)"
	@echo "make job      run a job of the timetable now (JOB=debt-notices ON=today)"
	@echo "make faults   kill it, cut it off, fill its disk: a page of verdicts in var/faults (long)"
	@echo "make bench    measure it"
	@echo "make texts    bring new sentences into the catalogues, to be translated"
	@echo "make lock     take newer versions of what we build on"
	@echo "make bom      say in var/bom.json (CycloneDX) what a release is made of"
	@echo "make reset    forget everything that make up has made"

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "bimeyar needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	    { echo "Python's venv is missing: on Debian and Ubuntu, apt install python3-venv"; exit 1; }
	@touch $@

# What runs: a third of the size of what tests it.
$(VENV)/run: $(VENV)/python requirements.lock
	@echo "Installing what runs …"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/dev: $(VENV)/python requirements-dev.lock
	@echo "Installing what runs and what tests it …"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/run

POS := $(wildcard locales/*/LC_MESSAGES/*.po)
MOS := $(POS:.po=.mo)

%.mo: %.po
	@$(VENV)/bin/pybabel -q compile -i $< -o $@ 2>/dev/null

locales: $(VENV)/run
	@$(MAKE) --no-print-directory -s $(MOS)

up: locales
	@$(RUN) -m sandbox.hub

reset:
	@rm -rf var
	@echo "var/ is gone: the next make up starts from nothing."

# One of the two SMPP centres is a package of node's: its tests run where it can be had.
NODE = $(RUN) -m tests.notifier.centres.by_node || without="and not node"

test: $(VENV)/dev
	@$(MAKE) --no-print-directory -s $(MOS)
	@$(NODE); $(RUN) -m pytest -n 2 -m "not browser and not faults $$without" -q

check: $(VENV)/dev
	@$(MAKE) --no-print-directory -s $(MOS)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(RUN) -m locales.check
	$(RUN) -m pytest -q tests/test_secrets.py

# BROWSER_SHOTS=folder keeps a picture of each stop.
browser: $(VENV)/dev
	@$(MAKE) --no-print-directory -s $(MOS)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	    command -v google-chrome >/dev/null || \
	    { echo "make browser needs Chromium: apt install chromium"; exit 1; }
	@$(RUN) -m pytest -m browser -q tests

chat: locales
	@$(RUN) -m sandbox.hub run python -m bots chat --channel "$(CHANNEL)" \
	    --audience "$(AUDIENCE)" --lang "$(LANG)" --name "$(NAME)"

# For instance: make job JOB=debt-notices ON=2026-11-22, or with DRY=--dry-run
ON ?= today
job: locales
	@$(RUN) -m sandbox.hub run python -m notifier run $(JOB) --on $(ON) $(DRY)

faults: $(VENV)/dev
	@$(MAKE) --no-print-directory -s $(MOS)
	@rm -rf var/faults
	@$(NODE); export SEED=$${SEED:-$$($(RUN) -c "import secrets; print(secrets.randbelow(1 << 30))")}; \
	    echo "SEED=$$SEED"; page="--report var/faults/report.md"; \
	    $(RUN) -m pytest -n 4 -m "(faults or promise) and not alone $$without" -q $$page tests; \
	    first=$$?; $(RUN) -m pytest -m alone -q $$page tests/faults && exit $$first

bench: $(VENV)/dev
	@$(MAKE) --no-print-directory -s $(MOS)
	@$(RUN) -m bench

# Brings the sentences of the code and of the wording files into every catalogue, to be translated.
texts: $(VENV)/dev
	@mkdir -p var
	@$(RUN) -m babel.messages.frontend -q extract -F locales/babel.cfg -k _n:1,2 --no-wrap \
	    --add-location=file --sort-by-file -o var/bimeyar.pot .
	@for language in $(POS:locales/%/LC_MESSAGES/bimeyar.po=%); do \
	    $(VENV)/bin/pybabel -q update -D bimeyar -i var/bimeyar.pot -d locales -l $$language \
	        --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date || exit 1; \
	done

# Takes newer versions: commit both files together. No registry's address goes into them.
LOCK = pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
       --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml
lock:
	@$(PYTHON) -m venv var/uv && var/uv/bin/pip install --quiet uv
	@var/uv/bin/uv $(LOCK) --group desk -o requirements.lock
	@var/uv/bin/uv $(LOCK) --group desk --group dev -c requirements.lock -o requirements-dev.lock

bom:
	@$(PYTHON) -m venv var/bom && var/bom/bin/pip install --quiet cyclonedx-bom
	@var/bom/bin/cyclonedx-py requirements --output-reproducible \
	    requirements.lock -o var/bom.json
	@echo "var/bom.json names every package of requirements.lock, with its hashes."
