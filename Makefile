# newsarchive: `make demo` and `make test` set everything up by themselves.
PYTHON ?= python3
SHARED ?= ../shared
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Tests wait for servers, pauses and kills for half of their time: one worker more than there are processors.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(8, (os.cpu_count() or 1) + 1))')
REPLAY := $(VENV)/replay

.PHONY: help demo test lint format benchmark check-evaluation check-wordpress clean

help:
	@echo "make demo   crawl the bundled sample newspaper into data/demo"
	@echo "make test   run all tests"
	@echo "make lint   ruff, mypy --strict, import-linter"

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("newsarchive needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[browse,parquet,notify,s3,sql,cluster,test]'
	$(BIN)/python -m compileall -q newsarchive # else each start compiles it where Python is told to write no bytecode
	touch $(READY)

# pywb, in which a test replays an export, wants other versions of what is used here.
$(REPLAY)/.ready: tests/pywb.txt
	$(PYTHON) -m venv $(REPLAY)
	$(REPLAY)/bin/python -m pip install --quiet --disable-pip-version-check -c tests/pywb.txt pywb setuptools \
	&& touch $@ || echo "pywb cannot be installed: no test of replay"

demo: $(READY)
	$(BIN)/newsarchive demo

test: $(READY) $(REPLAY)/.ready
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check-evaluation: $(READY)
	@if [ -d "$(SHARED)/eval" ]; then \
	  $(BIN)/python -m benchmarks.extraction "$(SHARED)/eval" --jobs 2 --floors benchmarks/floors.toml -o $(VENV)/predictions.jsonl; \
	else echo "skipped: no evaluation material"; fi
	@if [ -d "$(SHARED)/kazakh" ]; then \
	  $(BIN)/python -m benchmarks.kazakh "$(SHARED)/kazakh" --floors; \
	else echo "skipped: no evaluation material"; fi
	@if [ -d "$(SHARED)/cases/recordings/files" ]; then \
	  $(BIN)/python -m tests.warcio_beside "$(SHARED)/cases/recordings/files"; \
	else echo "skipped: no evaluation material"; fi

check-wordpress: $(READY)
	@if [ -d "$(SHARED)/wordpress" ]; then bash .ci/wordpress "$(SHARED)/wordpress" "$(BIN)"; \
	else echo "skipped: no evaluation material"; fi

clean:
	rm -rf $(VENV) data/demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
