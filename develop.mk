# Targets for those who change the code. The Makefile includes this file.

# For `mlflow run` with an environment of its own, and for those who have no uv.
EXPORT := $(UV) export --quiet --frozen --no-hashes --no-annotate --no-header --no-dev

# In the order of tests/conftest.py, which also says what runs in one process.
PYTEST := pytest --numprocesses auto --dist loadscope --no-loadscope-reorder

.PHONY: test
test: $(READY) ## Run the tests but the long ones, on all cores
	$(PYTEST) -m 'not long'

.PHONY: test-all
test-all: $(READY) ## Run all tests, scheduled retraining and large simulations included
	$(PYTEST)

.PHONY: check
check: $(READY) ## Lint, types, import contracts, dvc.yaml and params.yaml
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-cache
	actionlint
	zizmor --offline --quiet --no-progress .github
	dvc stage list > /dev/null
	cd atlas && dvc stage list > /dev/null
	python -m checks.stage_deps
	python -m checks.architecture
	python -m checks.parameters
	python -m checks.figures
	python -m pipeline.config.params
	$(UV) lock --check --quiet
	$(EXPORT) | diff requirements.txt - || { echo 'requirements.txt is old: make lock'; exit 1; }

# Reasons are in docs/retraining.md; take an exception away as soon as there is a fix.
AUDIT_EXCEPTIONS := CVE-2025-69872

.PHONY: audit
audit: | $(UV) ## Look for known vulnerabilities of the locked packages (asks PyPI)
	$(UV) tool run --quiet pip-audit==2.10.1 --requirement requirements.txt --no-deps \
	  --disable-pip $(AUDIT_EXCEPTIONS:%=--ignore-vuln %)

.PHONY: lock
lock: | $(UV) ## Bring uv.lock and requirements.txt up to date with pyproject.toml
	$(UV) lock
	$(EXPORT) > requirements.txt

.PHONY: bench-peers
bench-peers: $(READY) ## Add PyTorch and JAX to .venv, for bench
	$(UV) sync --locked --compile-bytecode --quiet --group bench

.PHONY: bench
bench: $(READY) ## Time trainer and pipeline side by side with their peers (PARTS="peers machine whole compare growth proximal serving tracking cluster tables coverage", TABLES=folder of tables)
	python -m benchmarks $(PARTS)

# FORCE=1 makes results anew that are there; otherwise it goes on where it was stopped.
.PHONY: atlas
atlas: $(READY) ## Evaluate each table of the atlas, one after the other (hours; FORCE=1 all anew)
	$(UV) sync --locked --compile-bytecode --quiet --group atlas
	@python -m atlas.hours
	@code=0; (cd atlas && nice dvc repro --keep-going $(if $(FORCE),--force)) || code=$$?; \
	  python -m checks.figures --write; exit $$code

.PHONY: chaos
chaos: $(READY) ## Break runs for real in a scratch clone, and see that nothing is lost (FAULTS=--short)
	python -m chaos $(FAULTS)

.PHONY: wheel
wheel: | $(UV) ## Build the wheel that makes projects, dist/regularization_pipeline-*.whl
	rm -rf dist
	$(UV) build --quiet --wheel

.PHONY: docs
docs: export NO_MKDOCS_2_WARNING := 1  # a notice of mkdocs-material, about what follows it
docs: | $(UV) ## Build the documentation site into site/, and fail on a broken link
	$(UV) run --quiet --isolated --locked --only-group docs mkdocs build --strict --clean

.PHONY: pictures
pictures: $(READY) ## Make all pictures and figures of README and docs anew, from two runs (minutes)
	python -m tests.e2e.pictures
