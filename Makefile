# Every target does its own set-up: it needs Python 3.11 or newer and make, and makes .venv once.

PYTHON ?= python3
BIN := .venv/bin
TYPES := build/types

.PHONY: demo test test-all check format clean

# Trains once; after that it only writes.
demo: runs/demo/seqlab.json
	@echo
	@echo '$$ seqlab generate runs/demo --prompt "The ferry" --temperature 0.6 --length 400'
	@$(BIN)/seqlab generate runs/demo --prompt "The ferry" --temperature 0.6 --length 400
	@echo
	@echo 'To use it yourself: . .venv/bin/activate, then seqlab --help'

runs/demo/seqlab.json: recipes/demo.toml | .venv/installed
	@echo '$$ seqlab train lm --config recipes/demo.toml -o runs/demo'
	@$(BIN)/seqlab train lm --config recipes/demo.toml -o runs/demo --overwrite

# A worker a core, each with whole files of tests, since these share what they have trained; a thread in each is enough.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

test: .venv/installed-dev
	$(PYTEST) -m "not slow"

test-all: .venv/installed-dev
	$(PYTEST)

# A static checker does not see that cli/ and corpora/ install as seqlab.cli and seqlab.corpora, so it reads a built tree.
check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	rm -rf $(TYPES) && $(BIN)/python -m pip install --quiet --no-deps --target $(TYPES) .
	cd $(TYPES) && ../../$(BIN)/mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache -p seqlab

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv runs/demo build *.egg-info .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("seqlab needs Python 3.11 or newer; this is " + sys.version.split()[0] + ": make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

# torch is installed first, by its pinned version: without one, pip takes the newest, with several GB of GPU packages.
.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --use-pep517 --constraint constraints.txt --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --use-pep517 --constraint constraints.txt --editable '.[dev]'
	@touch $@
