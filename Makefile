# `make help` lists the targets. Two are enough for most: `make report` and `make test`.
PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/.ready

.DEFAULT_GOAL := help
# This checkout's own package, wherever its environment was made.
export PYTHONPATH := $(CURDIR)/src

.PHONY: help report test changes accept lint format lab bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml environment.py
	@$(PYTHON) environment.py

report: $(READY) ## Make results and pages that are out of date; trusts results.lock
	@$(PY) -m karaganda_vibe.build
	@echo "Open _output/index.html, _output/index.pdf or _output/index.docx"

test: $(READY) ## Check everything: compute it again in a scratch copy, then code, data and pages
	@$(PY) -m karaganda_vibe.build.check
	@$(PY) -m karaganda_vibe.build
	@$(PY) -m karaganda_vibe.build.check --inputs
	@$(PY) -m karaganda_vibe.build.untouched --begin
	@$(PY) -m karaganda_vibe.build.recompute
	@$(PY) tests/install_browser.py
	@$(PY) -m pytest -n 2 --dist loadscope tests
	@$(PY) -m karaganda_vibe.build.untouched

changes: $(READY) ## Show which results changed since the last commit: values, tables, pictures
	@$(PY) -m karaganda_vibe.build.accept --show

accept: $(READY) ## Show which results changed and take them as they are, into results.lock
	@$(PY) -m karaganda_vibe.build.accept

lint: $(READY) ## Check style, formatting and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

format: $(READY) ## Format the code
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

lab: $(READY) ## Open the notebooks in JupyterLab
	@$(PY) -m jupyterlab notebooks

bench: $(READY) ## Time builds, beside Jupyter doing the same one notebook after another
	@$(PY) -m benchmarks

lock: ## Pin every dependency anew in requirements.lock (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --custom-compile-command "make lock" \
	  --quiet --output-file requirements.lock

clean: ## Remove everything that is built; the committed data and outputs stay
	rm -rf build _output .pytest_cache .mypy_cache .ruff_cache .hypothesis
