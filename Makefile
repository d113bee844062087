# Needs Python 3.11 or newer and nothing else; written for GNU make 3.81, which macOS still ships.

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup unit test test-all fuzz-access chaos lint format clients web demo screenshots lock clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## Make .venv from the lock files; PYTHON=… chooses the Python, and again it takes no time
	@sh scripts/setup.sh

unit: setup ## Run what needs no engine, no broker and no browser, wherever it lies: about a minute
	$(BIN)/pytest -n logical --dist loadfile -m "not engine and not browser and not long"

test: lint unit ## Check the code, then run every test, most against a real engine and broker; but for the long ones
	$(BIN)/pytest -m "(engine or browser) and not long"

test-all: lint ## The same with the long ones: more stories of who may see what; and list what notices which mutant
	$(BIN)/pytest -m ""
	$(BIN)/python scripts/mutate_access.py

fuzz-access: setup ## Look for access that nobody has, in new stories, until interrupted; SECONDS=… ends it, SEED=… repeats
	@PYTHONPATH=tests $(BIN)/python -m proof.fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

chaos: setup ## Kill, stop, block and delete under load, and compare; SEED=…, STEPS=… a story, MINUTES=… several
	@PYTHONPATH=tests $(BIN)/python -m chaos.run \
		$(if $(SEED),--seed $(SEED)) $(if $(STEPS),--steps $(STEPS)) $(if $(MINUTES),--minutes $(MINUTES))

lint: setup ## Check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clients: setup ## Make anew what the clients have from the OpenAPI document; needs Node.js 20 or newer
	@$(BIN)/python scripts/clients.py

web: ## Build the search box and the pages from web/, into web/dist/, which is committed; needs Node.js 20 or newer
	npm ci
	npm run build --workspace web -- --sizes

demo: setup ## Start everything with a made-up company, and print the URL of a search page
	$(BIN)/office-search demo

screenshots: setup ## Take the pictures of the README anew, of the demo in Chromium
	@$(BIN)/python scripts/screenshots.py

lock: setup ## Resolve the dependencies anew, keeping the locked versions that fit; UPGRADE=1: the newest
	@sh scripts/lock.sh

clean: ## Remove .venv and what the tools left; the downloads of the local stack stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
