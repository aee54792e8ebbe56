# Two commands are all a new user needs: `make run` and `make test`. Every target sets itself up.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat requirements-dev.txt | cksum | cut -d' ' -f1)
EMULATOR := .tools/rehearsal
TEMPLATE_LINT := .tools/lint
OPENAPI_LINT := infra/openapi_lint
FUZZ := .tools/fuzz
SDK_PYTHON := sdks/python
AUDIT := infra/audit
AUDIT_VENV := .venv-audit
RIVALS_VENV := .venv-rivals
SDK_JAVASCRIPT := sdks/javascript
# The oldest Node.js that the SDK promises to run on; there is one for Linux.
OLDEST_NODE := $(SDK_JAVASCRIPT)/test/oldest/node_modules
BROWSER := infra/browser/node_modules/.package-lock.json
BROWSER_TESTS := tests/browser
CODE := app.py chalicelib cli infra tests
# What git sees of the tree: what is generated is committed too, so nothing may differ after the checks.
TREE := (git status --porcelain; git diff HEAD) | cksum

.DEFAULT_GOAL := help
.PHONY: help setup run serve test check audit outbound-report format-check lint types layers format bench deploy simulate kills docs sdk-python sdk-javascript sdk-javascript-browser browser lock clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

setup: $(READY) ## Create the virtual environment with the pinned dependencies (reused while they are unchanged)

$(READY): requirements-dev.txt
	@echo "Setting up $(VENV) (once, about half a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Sluice needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@touch $@

run: $(READY) ## Run the whole stack on this machine: API on PORT (8000), AWS on AWS_PORT (8001)
	@exec $(BIN)/python -m infra.local

serve: $(READY) ## Serve everything from one folder of this machine, without AWS: DATA (.sluice), API on PORT (8000)
	@$(if $(DATA),SLUICE_DATA="$(DATA)") exec $(BIN)/python -m infra.serve

test: $(READY) ## Run every test
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

check: $(READY) ## The definition of clean: format, lint, types, layers, audit, tests, and a tree as it was found
	@before="$$($(TREE))"; $(MAKE) --no-print-directory format-check lint types layers audit test && \
	  { test "$$before" = "$$($(TREE))" || { echo "The checks changed the tree:"; git status --short; exit 1; }; }

format-check: $(READY)
	@$(BIN)/ruff format --check --quiet $(CODE) || { echo "Not formatted: run 'make format'"; exit 1; }

lint: $(READY)
	@$(BIN)/ruff check --quiet $(CODE)

types: $(READY)
	@$(BIN)/mypy

layers: $(READY)
	@$(BIN)/lint-imports

audit: $(READY) $(AUDIT_VENV)/.ready ## Look for weaknesses in the code and in what it is made of, in an environment of its own
	@$(AUDIT_VENV)/bin/python -m infra.audit

$(AUDIT_VENV)/.ready: $(AUDIT)/requirements.txt
	@echo "Setting up $(AUDIT_VENV) (once, about a minute) ..."
	@rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(AUDIT)/requirements.txt
	@touch $@

outbound-report: $(READY) $(RIVALS_VENV)/.ready ## Try the outbound door with everything, and write docs/outbound-report.md (a quarter of an hour)
	@PYTHONPATH=.:tests:tests/outbound $(BIN)/python -m outbound_report

$(RIVALS_VENV)/.ready: tests/outbound/rivals/requirements.txt
	@rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

format: $(READY) ## Format the code
	@$(BIN)/ruff check --quiet --fix $(CODE); $(BIN)/ruff format $(CODE)

bench: $(READY) ## Count what a task costs at the AWS boundary, and time what is ours
	@$(BIN)/python -m infra.bench

.PHONY: bench-sign-in
bench-sign-in: $(READY) ## Time wrong passwords, of users who are there and who are not: TRIES (1000) of each
	@$(BIN)/python -m infra.bench.sign_in --tries $(or $(TRIES),1000)

deploy: $(READY) ## Put a stage on AWS, or bring it up to date: STAGE=prod [ARCHITECTURE=x86_64] [BUCKET=...] [ALARM_TOPIC=arn:...]
	@$(BIN)/python -m infra.deploy up "$(STAGE)" $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE)) \
	  $(if $(BUCKET),--bucket $(BUCKET)) $(if $(ALARM_TOPIC),--alarm-topic $(ALARM_TOPIC))

.PHONY: package
package: $(READY) ## Build the package of a deployment, and weigh it
	@$(BIN)/python -m infra.deploy.figures

.PHONY: resources
resources: $(READY) ## Put all but functions and API on AWS, for a stage that `chalice deploy` puts over it: STAGE=dev [as for deploy]
	@$(BIN)/python -m infra.deploy resources "$(STAGE)" $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE)) \
	  $(if $(BUCKET),--bucket $(BUCKET)) $(if $(ALARM_TOPIC),--alarm-topic $(ALARM_TOPIC))

.PHONY: destroy rehearse lint-template rotate-operator-key
destroy: $(READY) ## Take a stage away; asks first, and keeps its data unless DATA=delete: STAGE=prod
	@$(BIN)/python -m infra.deploy down "$(STAGE)" $(if $(DATA),--data $(DATA))

rotate-operator-key: $(READY) ## Let another key open /operator, and the one before nothing more: STAGE=prod
	@$(BIN)/python -m infra.deploy rotate "$(STAGE)"

rehearse: $(READY) $(EMULATOR)/.ready ## Deploy, use, upgrade and destroy a stage on an AWS emulator [FROM=commit to upgrade from]
	@$(BIN)/python -m infra.rehearsal $(EMULATOR)/bin/python $(FROM)

# Tools with dependencies of their own, each in an environment of its own.
$(EMULATOR)/.ready $(TEMPLATE_LINT)/.ready: .tools/%/.ready: infra/%/requirements.txt
	@echo "Setting up $(@D) ..."
	@rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

.PHONY: lint-openapi fuzz
lint-openapi: $(OPENAPI_LINT)/node_modules/.package-lock.json ## Ask Redocly about the OpenAPI descriptions (Node.js 20 or newer)
	@cd $(OPENAPI_LINT) && npm run --silent lint

$(OPENAPI_LINT)/node_modules/.package-lock.json: $(OPENAPI_LINT)/package-lock.json
	@cd $(OPENAPI_LINT) && npm ci --silent && touch node_modules/.package-lock.json

fuzz: $(READY) $(FUZZ)/.ready ## Ask every operation of the descriptions in EXAMPLES (5) random ways each, from SEED (1) [NAMES=asimov ...]
	@PYTHONPATH=.:tests:$$(echo $(VENV)/lib/python3.*/site-packages) $(FUZZ)/bin/python -m fuzz.campaign \
	  --examples $(or $(EXAMPLES),5) --seed $(or $(SEED),1) $(NAMES)

$(FUZZ)/.ready: tests/fuzz/requirements.txt
	@echo "Setting up $(@D) ..."
	@rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

lint-template: $(READY) $(TEMPLATE_LINT)/.ready ## Ask cfn-lint and checkov about the template of a deployment
	@$(BIN)/python -m infra.lint $(TEMPLATE_LINT)/bin

simulate: $(READY) ## A longer simulation: LIFETIMES (100000) from SEED (1)
	@PYTHONPATH=.:tests $(BIN)/python -m simulation.campaign --lifetimes $(or $(LIFETIMES),100000) --seed $(or $(SEED),1)

kills: $(READY) ## Kill a serving machine at random moments: ROUNDS (50) times from SEED (1); a minute and a half
	@PYTHONPATH=.:tests:tests/serve $(BIN)/python -m kills --rounds $(or $(ROUNDS),50) --seed $(or $(SEED),1)

docs: $(READY) ## Write the generated documents anew
	@$(BIN)/python -m infra.bench --write
	@$(BIN)/python -m pytest -n 2 --pass-table docs/manual-fixtures.md tests/surfaces/test_manual.py
	@$(BIN)/python -m infra.docs

sdk-python: $(SDK_PYTHON)/.venv/.ready ## Check, build and try out the Python SDK, in an environment of its own
	@cd $(SDK_PYTHON) && rm -rf dist && .venv/bin/ruff format --check --quiet src tools tests && .venv/bin/ruff check --quiet . && \
	  .venv/bin/mypy && .venv/bin/python -m pytest && .venv/bin/python -m build --no-isolation --outdir dist . >/dev/null && \
	  .venv/bin/python tools/smoke.py dist

$(SDK_PYTHON)/.venv/.ready: requirements-dev.txt $(SDK_PYTHON)/requirements-dev.txt
	@echo "Setting up $(SDK_PYTHON)/.venv ..."
	@rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements-dev.txt -r $(SDK_PYTHON)/requirements-dev.txt
	@touch $@

sdk-javascript: $(READY) $(SDK_JAVASCRIPT)/node_modules/.package-lock.json $(OLDEST_NODE)/.package-lock.json ## Check, build and try out the JavaScript SDK (Node.js 20 or newer)
	@cd $(SDK_JAVASCRIPT) && npm run --silent format:check && npm run --silent build && npm run --silent typecheck && npm run --silent test && \
	  if [ -e test/oldest/node_modules/.bin/node ]; then npm run --silent test:oldest; \
	  else echo "Skipped: the run with the oldest Node.js, which there is for Linux alone"; fi && \
	  npm run --silent lint:package && npm run --silent smoke

$(OLDEST_NODE)/.package-lock.json: $(SDK_JAVASCRIPT)/test/oldest/package-lock.json
	@cd $(<D) && npm ci --silent && touch node_modules/.package-lock.json

sdk-javascript-browser: $(READY) $(BROWSER) $(SDK_JAVASCRIPT)/node_modules/.package-lock.json ## Try out the JavaScript SDK in Chromium (installs it as root)
	@cd $(SDK_JAVASCRIPT) && npm run --silent build && npm run --silent test:browser

$(SDK_JAVASCRIPT)/node_modules/.package-lock.json: $(SDK_JAVASCRIPT)/package-lock.json
	@cd $(SDK_JAVASCRIPT) && npm ci --silent && touch node_modules/.package-lock.json

browser: $(READY) $(BROWSER) $(BROWSER_TESTS)/node_modules/.package-lock.json ## Look at the pages at /docs in a real browser (Node.js 20 or newer, Chromium)
	@cd $(BROWSER_TESTS) && npm run --silent test

$(BROWSER_TESTS)/node_modules/.package-lock.json: $(BROWSER_TESTS)/package-lock.json
	@cd $(BROWSER_TESTS) && npm ci --silent && touch node_modules/.package-lock.json

# What a check in a real browser depends on, beside `infra/browser/launch.mjs`.
$(BROWSER): infra/browser/package-lock.json
	@cd infra/browser && npm ci --silent && ./chromium >/dev/null && touch node_modules/.package-lock.json

lock: $(READY) ## Pin requirements*.in anew, with hashes
	@$(BIN)/python -m pip install --quiet uv
	@for name in requirements requirements-dev $(AUDIT)/requirements infra/rehearsal/requirements infra/lint/requirements \
	  tests/fuzz/requirements tests/outbound/rivals/requirements; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url $$name.in -o $$name.txt; done
	@$(MAKE) --no-print-directory setup $(AUDIT_VENV)/.ready && $(AUDIT_VENV)/bin/python -m infra.audit --write

clean: ## Remove the virtual environment and everything local
	@rm -rf $(VENV) .tools .local .build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis \
	  $(AUDIT_VENV) $(RIVALS_VENV) $(SDK_PYTHON)/.venv $(SDK_PYTHON)/dist $(SDK_JAVASCRIPT)/node_modules $(SDK_JAVASCRIPT)/dist $(OLDEST_NODE) \
	  infra/browser/node_modules $(BROWSER_TESTS)/node_modules $(OPENAPI_LINT)/node_modules
