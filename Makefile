# `make` lists the targets. All they need beyond Python 3.11-3.13, git and make comes from uv.lock.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
INSTALLED := .venv/.installed
READY := .venv/.ready
PORT ?= 5000

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export DVC_SITE_CACHE_DIR := $(CURDIR)/.state/dvc
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true
# Given on the command line or in the environment; the shell is strict about unset ones.
FORCE ?=
PUSH ?=
REASON ?=
REGISTER ?=
TO ?=
TRIALS ?=
VERSION ?=
export FORCE PUSH REASON REGISTER TO TRIALS VERSION
# CI gives secrets that are not set as empty variables.
ifeq ($(strip $(MLFLOW_TRACKING_URI)),)
export MLFLOW_TRACKING_URI := sqlite:///mlflow.db
endif
# The same bytes whatever a machine sets; slow imports for ever without byte-code.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV

# DVC leaves this file of its own empty, and then refuses to run, if it is killed or the disk is
# full at the instant of writing.
UNLOCK = @[ -s .dvc/tmp/rwlock ] || rm -f .dvc/tmp/rwlock

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

.PHONY: setup
setup: $(READY) ## Make .venv from the lock file

.PHONY: repro
repro: $(READY) ## Run the pipeline: data, search, comparison, registered models, gate
	@git rev-parse --git-dir > /dev/null 2>&1 || [ "$$(dvc config core.no_scm)" = true ] || \
	  { echo 'ERROR: this folder is in no git repository, want one. Run git init and commit, or do' \
	    'without: .venv/bin/dvc config --local core.no_scm true.' >&2; exit 1; }
	@# DVC does not look further than a link to a table that is gone.
	@for link in tables/linked/*; do [ -e "$$link" ] || rm -f "$$link"; done
	$(UNLOCK)
	dvc repro

.PHONY: sync
sync: $(READY) ## Write to MLflow what it lacks of the study, after an outage
	@python -m pipeline.commands.sync

.PHONY: status
status: $(READY) ## Show champion, challenger, previous and the last decisions of the gate
	@python -m pipeline.commands.status

.PHONY: promote
promote: $(READY) ## Let the gate decide again, or go past it (FORCE=1 REASON="…" [VERSION=3]; REGISTER=1)
	$(UNLOCK)
	@if [ -n "$$FORCE" ]; then python -m pipeline.commands.promote --force --reason "$$REASON" \
	  $${VERSION:+--version "$$VERSION"}; else dvc repro --force --single-item promote; fi

.PHONY: rollback
rollback: $(READY) ## Make the previous champion champion again (REASON="…" [TO=2])
	@python -m pipeline.commands.rollback --reason "$$REASON" $${TO:+--to "$$TO"}

# Without compiling the trainer first: on most days there is nothing to train.
.PHONY: retrain
retrain: $(INSTALLED) ## What a scheduler runs: fetch anew; if anything is new, train, decide, commit ([PUSH=1])
	$(UNLOCK)
	@python -m pipeline.commands.retrain $${TRIALS:+--trials "$$TRIALS"} $${FORCE:+--force} \
	  $${PUSH:+--push}

.PHONY: cluster
cluster: $(READY) ## Run the last commit on Dask, PostgreSQL and S3, all on this machine, to see it work
	@python -m pipeline.commands.cluster

# Of some 130 columns, what decides and what differs.
SHOWN := ^(verdict|difference[.](log_loss|squared_error))$$
TEST_FIGURES := test_|(log_loss|accuracy|balanced_accuracy|roc_auc|pr_auc)[.]|(rmse|mae|r2|median_error|squared_error)[.]
SEARCH_FIGURES := baseline_cv_(log_loss|squared_error)|trials$$|failed_trials|(baseline|tuned)[.](log_loss|brier|squared_error|mae)|difference[.]
DRIFT_FIGURES := level|new_rows|largest_|class_share|columns_|schema_|error_in|stops|warnings
HIDDEN := ^(Created|$(TEST_FIGURES)|$(SEARCH_FIGURES)|$(DRIFT_FIGURES)|(data|models|pipeline|reports)/|tables$$)

.PHONY: experiments
experiments: $(READY) ## Show experiments beside the last commit: what decides, and the settings that differ
	@dvc exp show --no-pager --only-changed --precision 4 --drop '$(HIDDEN)' \
	  --keep '$(SHOWN)'

.PHONY: ui
ui: $(READY) ## Open the MLflow UI over this project's store, on http://127.0.0.1:5000 (PORT=5001)
	@python -m pipeline.commands.ui --port '$(PORT)'

.PHONY: clean
clean: ## Delete what runs leave behind: environment, outputs, DVC cache, study and MLflow databases
	rm -rf .venv .tools .state .dvc/cache .dvc/tmp mlflow.db* mlruns mlartifacts dvc_plots
	rm -f dvc.lock metrics/*.json reports/gate.*
	git clean -fdXq data models reports
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Targets for those who change the code; a project made from the wheel has neither them nor tests.
-include develop.mk

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(INSTALLED): pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --compile-bytecode --quiet
	@touch $@

# DVC takes a relative folder from wherever it is at, which in a copy of the project is elsewhere.
$(READY): $(INSTALLED)
	dvc config --local core.site_cache_dir '$(subst %,%%,$(DVC_SITE_CACHE_DIR))'
	python -m pipeline.training.warm
	python -m pipeline.tracking.store.blank
	@touch $@
