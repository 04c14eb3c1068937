# Every target installs what it needs first: a fresh clone needs Python 3.11 or later and nothing else.
PYTHON ?= python3
VENV   ?= .venv
QUERY  ?= a dog on the beach
MODEL  ?= mini
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: install demo test check guard bench clean

install: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

# See it work, offline. With PHOTOS=/a/folder: index it, ask for QUERY, look a picture up.
demo: $(STAMP)
ifdef PHOTOS
	@test -d "$(PHOTOS)" || { echo "no folder $(PHOTOS): say make demo PHOTOS=/a/folder/of/pictures" >&2; exit 2; }
	VENV="$(VENV)" PHOTOS="$(PHOTOS)" QUERY="$(QUERY)" MODEL="$(MODEL)" ./demo.sh
else
	$(BIN)/search demo
endif

# A process for each core, so one thread in each; the tests of a file stay together.
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses=auto --maxprocesses=8 --dist=loadfile --durations=20

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What must not become slow, as ratios: half a minute. With ONLY=help: that check alone.
guard: $(STAMP)
	$(BIN)/python -m benchmarks.guard $(if $(ONLY),--only $(ONLY))

bench: $(STAMP)
	$(BIN)/python -m benchmarks.retrieval
	$(BIN)/python -m benchmarks.indexing
	$(BIN)/python -m benchmarks.reranking

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
