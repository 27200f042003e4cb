# make demo    a sweep of digits_mlp with ASHA and HyperOpt on a local Ray
# make test    every check: ruff, mypy, pytest
# make docs    the documentation as a site: build/docs/index.html
#
# Each creates .venv on the first call. Other targets: install, lint, types, pytest,
# format, constraints, clean.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := -m pip install --disable-pip-version-check --quiet --no-compile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo docs test lint types pytest format constraints clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

install: $(VENV)/.installed

# hpbandster is installed without its dependencies: one of them needs a C compiler. Bytecode is
# made on all cores, which pip does on one; what packages ship as templates does not compile, and of
# the packages left out few modules are ever imported.
$(VENV)/.installed: pyproject.toml setup.py constraints.txt requirements/bohb.txt
	@echo "Installing into $(VENV) (a minute or two the first time)"
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "tuner needs Python 3.11 or newer, found: $(PYTHON)." \
	       "Install it, or name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' || { \
	  echo "$(PYTHON) cannot create virtual environments." \
	       "Install its venv module (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --editable '.[torch,surrogates,dev]'
	@$(BIN)/python $(PIP_INSTALL) --no-deps --requirement requirements/bohb.txt
	@$(BIN)/python -m compileall -qq -j 0 -x '/(databricks|moto|transformers)/' $(VENV)/lib || true
	@touch $@

demo: $(VENV)/.installed
	@sweep=demo-$$(date +%Y%m%d-%H%M%S) && \
	$(BIN)/tuner run digits_mlp --scheduler asha --searcher hyperopt \
	  --num-samples 80 --seed 0 --storage-path results --name $$sweep

# The pages of docs/reference are written anew first: they say what the code says.
docs: $(VENV)/.installed
	@$(BIN)/python docs/_generate
	@$(BIN)/python -m sphinx -q -W --keep-going -b html -d build/doctrees docs build/docs
	@echo build/docs/index.html

test: lint types pytest

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy --strict tuner/

# Tests on Ray wait most of the time, for processes to start and for nodes to be missed: so they
# run beside the others, those of clusters, and then LATER, apart from the rest.
LATER := tests/docs tests/playbook tests/remote
pytest: $(VENV)/.installed
	@logs=$$(mktemp -d); \
	{ failed=0; $(BIN)/pytest tests/cluster || failed=$$?; \
	  $(BIN)/pytest $(LATER) -m ray || failed=$$?; exit $$failed; } >$$logs/cluster 2>&1 & cluster=$$!; \
	$(BIN)/pytest --ignore tests/cluster $(LATER:%=--ignore %) -m ray >$$logs/ray 2>&1 & ray=$$!; \
	$(BIN)/pytest --ignore tests/cluster -m 'not ray'; failed=$$?; \
	wait $$ray || failed=$$?; wait $$cluster || failed=$$?; \
	cat $$logs/ray $$logs/cluster; rm -rf $$logs; exit $$failed

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The newest versions that fit pyproject.toml, except torch, which is pinned by hand.
constraints:
	@scratch=$$(mktemp -d) && trap 'rm -rf $$scratch' EXIT && \
	torch=$$(grep '^torch==' constraints.txt) && \
	"$(PYTHON)" -m venv $$scratch/venv && \
	$$scratch/venv/bin/python $(PIP_INSTALL) "$$torch" --editable '.[torch,surrogates,dev]' && \
	{ sed -n '/^#/p' constraints.txt; \
	  $$scratch/venv/bin/python -m pip freeze --all --exclude pip --exclude tuner \
	  | sed 's/^\(torch==[^+]*\)+.*/\1/'; } > $$scratch/constraints.txt && \
	cp $$scratch/constraints.txt constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
