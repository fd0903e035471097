SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help watch images setup demo test test-compose check build up down logs clean bench

COMPOSE ?= docker compose
# What the images say of themselves; the tag, where the commit has one.
export VERSION ?= $(shell git describe --tags --exact-match 2>/dev/null | sed 's/^v//' || true)
export VERSION := $(or $(VERSION),$(shell sed -n 's/^  "version": "\(.*\)",/\1/p' package.json))
export REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
# What npm writes last: newer than the lockfile when the dependencies are in place.
INSTALLED := node_modules/.package-lock.json

##@ Try it
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## A router and two agents hold a conversation in this terminal: no Docker, no key
	@npm run -s parley -- demo $(ARGS)

scenario: $(INSTALLED) ## Run a scenario the same way: make scenario FILE=scenarios/panel.yaml
	@npm run -s parley -- run $(or $(FILE),scenarios/debate.yaml) $(ARGS)

setup: $(INSTALLED) ## Install the dependencies, and make .env from .env.example if there is none
	@[ -e .env ] || cp .env.example .env

##@ With Docker
up: ## Start router, alice and bob, and follow what they say
	$(COMPOSE) up --build

down: ## Stop everything; the ledger is kept
	$(COMPOSE) --profile '*' down --remove-orphans

logs: ## Follow the logs
	$(COMPOSE) logs --follow --tail 100

watch: ## Start everything, and build and restart what you change
	$(COMPOSE) up --build --watch

images: ## Build the three images, with version and revision in their labels
	$(COMPOSE) --profile cli build

##@ Work on it
test: $(INSTALLED) ## Every test that needs no Docker
	@npm run -s test

test-compose: $(INSTALLED) ## The tests of the images and of docker-compose.yml, on a Docker engine
	@npm run -s test:compose

check: $(INSTALLED) ## Format, lint, types, dead code, spelling, tests
	@npm run -s check

build: $(INSTALLED) ## Bundle the services into dist/
	@npm run -s build

bench: $(INSTALLED) ## Measure this machine against the baselines
	@npm run -s -w bench bench

clean: ## Remove what can be made again; .env and ledgers stay
	rm -rf node_modules dist coverage

$(INSTALLED): package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@
