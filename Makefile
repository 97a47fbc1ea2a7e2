# Yunshang 云上妇幼. `make help` lists the commands; their names are stable.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
MAKEFLAGS += --no-print-directory --no-builtin-rules

VENV := .venv/bin
UV := .setup/uv-env/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"
UV_VERSION := 0.13.9
ARGS ?=

.PHONY: help setup run test check smoke bench-referral bench-paging bench-indicators bench-ctg bench-video test-video faults-duty faults-ctg lock format clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | \
		awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

setup: ## Set up what is missing: Python and web packages, built pages, tools
	@bin/setup dev

run: ## Set up, start the demo region on http://127.0.0.1:8000 (YUNSHANG_PORT); Ctrl-C stops all
	@bin/setup run
	exec $(VENV)/yunshang demo

test: ## Set up, run all tests in parts side by side (ARGS="-k name" for some)
	@bin/setup test
	if [ -n "$(ARGS)" ]; then exec $(VENV)/python -m pytest $(ARGS); fi
	exec $(VENV)/python -m tests.parts

check: ## Format, lint, types, import contracts, web lint and types
	@bin/setup dev
	( npm --prefix web run --silent lint && npm --prefix web run --silent typecheck ) & web=$$!
	$(VENV)/ruff format --check --quiet .
	$(VENV)/ruff check --quiet .
	$(VENV)/lint-imports
	$(VENV)/python -m lints
	$(VENV)/mypy
	wait $$web
	echo "check: ok"

smoke: ## Boot a private instance, drive one emergency through the public API, stop it
	@bin/setup dev
	exec $(VENV)/python -m tests.smoke $(ARGS)

bench-referral: ## Time a transfer's transitions under load, beside the same rows written plainly
	@bin/setup dev
	exec $(VENV)/python -m tests.bench.referral $(ARGS)

bench-paging: ## Time pages from the commit to the ringing phones, under load
	@bin/setup dev
	exec $(VENV)/python -m tests.bench.paging $(ARGS)

bench-ctg: ## Send 20,000 monitors through the gateway, beside a broker, an echo and a naive server
	@bin/setup dev
	exec $(VENV)/python -m tests.bench.ctg $(ARGS)

bench-indicators: ## Count a province's year, all indicators at all levels, beside DuckDB
	@bin/setup dev
	exec $(VENV)/python -m tests.bench.indicators $(ARGS)

bench-video: ## Measure rooms and calls on poor lines in real browsers; the last line is the result
	@bin/setup test
	exec $(VENV)/python -m tests.bench.video $(ARGS)

test-video: ## Tests of rooms alone: engines against one behaviour, workers, tokens, the room's page
	@bin/setup test
	exec $(VENV)/python -m pytest tests/consult/media tests/consult/rooms tests/bench/video \
		tests/browser/test_room.py tests/browser/test_room_cut.py $(ARGS)

bench-web: ## Time the wall of 64 strips in a real browser: frames, main thread, heap
	@bin/setup test
	exec $(VENV)/python -m tests.bench.web $(ARGS)

faults-duty: ## Kill, crash, pause and deafen what pages people; nothing may be lost
	@bin/setup dev
	exec $(VENV)/python -m tests.faults.duty $(ARGS)

faults-ctg: ## Kill and abuse what carries CTG, 500 streams on; what was acknowledged must stay
	@bin/setup dev
	exec $(VENV)/python -m tests.faults.ctg $(ARGS)

format: ## Put the Python code into the house format
	@bin/setup dev
	$(VENV)/ruff check --fix --quiet . || true
	$(VENV)/ruff format .

lock: ## Compile the lock files anew: versions and hashes, no download addresses
	@bin/setup dev
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	echo "uv==$(UV_VERSION)" | $(COMPILE) - -o requirements-bootstrap.lock
	npm --prefix web install --package-lock-only --ignore-scripts --no-audit --no-fund

clean: ## Remove everything that setup made (never the data in .data)
	rm -rf .venv .setup web/node_modules server/static .mypy_cache .ruff_cache .pytest_cache
	rm -rf .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './web/*' -prune -exec rm -rf {} +
