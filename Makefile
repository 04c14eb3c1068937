# Every target installs what it needs first: a fresh clone needs Python 3.11 or later and nothing else.
PYTHON ?= python3
VENV   ?= .venv
PHOTOS ?= $(HOME)/Pictures
QUERY  ?= a dog on the beach
MODEL  ?=
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEMO_LIBRARY := $(VENV)/demo-library

.PHONY: install demo test check bench clean

install: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

# Index a folder, then ask for something in words. MODEL=tiny needs no network: see the README.
demo: $(STAMP)
	@test -d "$(PHOTOS)" || { echo "no folder $(PHOTOS): say make demo PHOTOS=/a/folder/of/pictures" >&2; exit 2; }
	VENV="$(VENV)" PHOTOS="$(PHOTOS)" QUERY="$(QUERY)" MODEL="$(MODEL)" LIBRARY="$(DEMO_LIBRARY)" ./demo.sh

test: $(STAMP)
	$(BIN)/pytest

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m benchmarks.retrieval
	$(BIN)/python -m benchmarks.indexing

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
