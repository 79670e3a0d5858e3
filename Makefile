# The interface of the project; `make help` lists it. Needs GNU make, a POSIX shell and Python >= 3.11.
# Every target finishes what it needs by itself. Nothing is written outside this folder.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# Caches and temporary files inside the project, whatever the user's home and environment say.
export TMPDIR := $(CURDIR)/.cache/tmp
export PIP_NO_CACHE_DIR := 1
export npm_config_cache := $(CURDIR)/.cache/npm
export CDK_HOME := $(CURDIR)/.cache/cdk
export CDK_DISABLE_CLI_TELEMETRY := true
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(CURDIR)/.cache/jsii
export JSII_NODE := $(CURDIR)/.venv/bin/node
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# What would lead the environment's Python astray, or make it compile CDK's modules again in every run.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX PYTHONOPTIMIZE
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV NODE_ENV

# STAGE=prod NAME=team3 PORT=4566 ARGS="-c network.nat_gateways=2"
context = $(if $(STAGE),-c stage=$(STAGE)) $(if $(NAME),-c name=$(NAME))
PYTHON ?=
export PYTHON

READY := .venv/.ready
# A folder that was moved, or lost a part, is set up again.
ready := $(shell test "$$(cat $(READY) 2>/dev/null)" = "$(CURDIR)" && test -x .venv/bin/python && test -x .venv/bin/cdk || echo again)

.PHONY: help setup deploy destroy status objects release promote rollback migrate-data dashboards cost cost-diff plan preflight cloud labs grade leftovers synth diff test lint bench mutants docs compliance charts clean again

help: ## This list
	@echo 'CloudMart CDK. Targets:'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1 |\2/p' Makefile | while IFS='|' read -r name text; do printf '%-20s%s\n' "$$name" "$$text"; done
	@echo
	@echo 'Variables:  STAGE=lab|dev|staging|prod  NAME=team3  PORT=4566  SHOP_PORT=8000  ARGS="-c sources=203.0.113.0/24"'
	@echo 'Settings:   cloudmart_cdk/settings/stages/common.toml and a file per stage beside it; -c dotted.name=value overrides one'
	@echo 'On AWS:     . .venv/bin/activate, then cdk deploy --all -c stage=lab (README.md, step by step)'

setup: $(READY) ## Python packages, Node.js and the CDK CLI, in .venv and node_modules
$(READY): requirements.txt requirements-dev.txt requirements-engines.txt constraints.txt \
		cloudmart_cdk/assets/shop/requirements.in package.json package-lock.json tools/set_up.py $(ready)
	@sh tools/setup.sh
	@printf '%s\n' "$(CURDIR)" > $@

.cache/tmp:
	@mkdir -p $@

deploy: $(READY) .cache/tmp ## Start a local AWS and deploy all stacks into it; again: only what changed
	@python -m localcloud deploy $(if $(STAGE),--stage $(STAGE)) $(if $(NAME),--name $(NAME)) \
		$(if $(PORT),--port $(PORT)) $(if $(SHOP_PORT),--shop-port $(SHOP_PORT)) $(ARGS)

destroy: $(READY) .cache/tmp ## Remove the stacks from the local AWS and stop it
	@python -m localcloud destroy $(ARGS)

status: $(READY) .cache/tmp ## What the local AWS runs, and where the logs are
	@python -m localcloud status $(ARGS)

objects: $(READY) .cache/tmp ## What the local AWS has recorded of the cluster, as kubectl shows it; ARGS="deploy/auth -o yaml"
	@python -m localcloud objects $(ARGS)

local = --local $(if $(STAGE),--stage $(STAGE)) $(if $(NAME),--name $(NAME)) $(if $(SERVICE),--service "$(SERVICE)")

release: $(READY) .cache/tmp ## A new version in the local AWS: of the shop, 10 % first (APPLICATION=folder), or SERVICE=auth IMAGE=v1
	@python -m delivery release $(local) $(if $(APPLICATION),--application "$(APPLICATION)") \
		$(if $(IMAGE),--image "$(IMAGE)") $(ARGS)

promote: $(READY) .cache/tmp ## The canary, or green, of SERVICE=auth becomes the version of all
	@python -m delivery promote $(local) $(ARGS)

rollback: $(READY) .cache/tmp ## Back to the version before, during a release or after it; SERVICE=auth: of a service
	@python -m delivery rollback $(local) $(ARGS)

migrate-data: $(READY) .cache/tmp ## A pg_dump into the shop's database, if every table agrees; DUMP=cloudmart.sql
	@python -m localcloud.data_move $(if $(DUMP),--dump "$(DUMP)") $(if $(BACK),--bring-back "$(BACK)") \
		$(if $(REMOVE),--remove "$(REMOVE)") $(if $(AGAIN),--again) $(ARGS)

dashboards: $(READY) .cache/tmp ## The dashboards of STAGE (prod) as one page with sample series, to look at without AWS
	@python -m tools.dashboards $(if $(STAGE),--stage $(STAGE)) $(ARGS)

cost: $(READY) .cache/tmp ## What STAGE costs, from its templates: a stack, an hour, a session, a month; ARGS="--options"
	@python -m tools.cost $(if $(STAGE),--stage $(STAGE)) $(if $(NAME),--name $(NAME)) $(ARGS)

cost-diff: $(READY) .cache/tmp ## What a change costs: BASE=main (HEAD: this checkout), or two stages
	@python -m tools.cost.diff "$(or $(BASE),main)" $(if $(HEAD),"$(HEAD)") $(if $(STAGE),--stage $(STAGE)) $(ARGS)

plan: $(READY) .cache/tmp ## How long a deploy of STAGE takes and what it waits for; ARGS="--destroy"
	@python -m tools.plan $(if $(STAGE),--stage $(STAGE)) $(ARGS)

preflight: $(READY) .cache/tmp ## Whether your AWS account is ready for STAGE: credentials, bootstrap, quotas, names
	@python -m preflight $(if $(STAGE),--stage $(STAGE)) $(if $(NAME),--name $(NAME)) $(ARGS)

cloud: $(READY) .cache/tmp ## A local AWS with nothing in it, for the labs' guides
	@python -m localcloud start $(if $(STAGE),--stage $(STAGE)) $(if $(NAME),--name $(NAME)) \
		$(if $(PORT),--port $(PORT)) $(if $(SHOP_PORT),--shop-port $(SHOP_PORT)) $(ARGS)

labs: $(READY) .cache/tmp ## Every lab guide's commands, in order, in a local AWS of their own
	@python -m labs.rehearsal $(ARGS)

grade: $(READY) .cache/tmp ## The challenge's score, from what the local AWS runs; on AWS: python -m labs.grade
	@python -m labs.grade --local $(if $(STAGE),--stage $(STAGE)) $(if $(NAME),--name $(NAME)) $(ARGS)

leftovers: $(READY) .cache/tmp ## What of STAGE and NAME still lies around in your AWS account; ARGS=--remove
	@python -m labs.leftovers $(if $(STAGE),--stage $(STAGE)) $(if $(NAME),--name $(NAME)) $(ARGS)

diff: $(READY) .cache/tmp ## Differences between the code and what the local AWS runs; status 1 when there are some
	@python -m localcloud diff $(context) $(ARGS)

synth: $(READY) .cache/tmp ## Synthesize the templates into cdk.out, policies and validation on
	@cdk synth --quiet $(context) $(ARGS)

test: $(READY) .cache/tmp ## All tests, one deploy to the local AWS among them; ARGS="-k name" chooses
	@python -m pytest -n 2 $(ARGS)

lint: $(READY) .cache/tmp ## Style (ruff) and types (mypy --strict)
	@ruff check .
	@ruff format --check .
	@mypy

bench: $(READY) .cache/tmp ## What a synth costs; the shop under load, with 100,000 products
	@python -m tools.bench $(ARGS)
	@python -m tools.bench_shop

docs: $(READY) .cache/tmp ## Pictures and tables of README and docs, from the synthesized templates
	@python -m tools.docs $(ARGS)
	@python -m tools.cost --options --page >/dev/null

mutants: $(READY) .cache/tmp ## Break the templates one property at a time; see whether the policies notice
	@python -m tools.mutants $(ARGS)

compliance: $(READY) .cache/tmp ## The rule sets that others publish, run offline; writes docs/compliance.md
	@python -m tools.compliance

charts: $(READY) .cache/tmp ## Helm's own charts with our values, by the real helm; says how to fetch them when they are not there
	@python -m tools.charts $(ARGS)

clean: ## Back to a fresh clone: removes all that set-up, synth and tests made
	@test ! -e .localcloud/cloud.json || { echo 'error: clean: given a local cloud that is up; allowed: none; run make destroy first' >&2; exit 1; }
	@rm -rf .venv node_modules .cache .localcloud cdk.out
	@find cloudmart_cdk commands delivery labs localcloud preflight tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
