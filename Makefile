# `make help` lists the targets. Two are enough for most: `make report` and `make test`.
PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help report test accept lint format lab bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml environment.py
	@$(PYTHON) environment.py

report: $(READY) ## Run the notebooks that are out of date and render the report
	@$(PY) -m karaganda_vibe.build
	@echo "Open _output/index.html, _output/index.pdf or _output/index.docx"

test: report ## Check everything: code, data, notebooks (nbval), the built report, a second run
	@$(PY) tests/install_browser.py
	@$(PY) -m pytest -n 2 --dist loadscope --nbval --nbval-current-env \
	  --nbval-cell-timeout=1800 --nbval-sanitize-with tests/nbval.cfg tests notebooks

accept: $(READY) ## Take changed figures as they are now, after you looked at them (says which)
	@$(PY) tests/figure_hashes.py --accept

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
