# `make help` lists the targets. Two are enough for most: `make report` and `make test`.
PYTHON ?= python3
# environment.py makes what is missing in .venv, then runs its Python with the rest of the line.
PY := $(PYTHON) environment.py report
TEST := $(PYTHON) environment.py test
SOURCES := $(PYTHON) environment.py sources
LINT := $(PYTHON) environment.py lint
GROUPS := sources registers spark test lint lab mutants

.DEFAULT_GOAL := help
.PHONY: help report reports html take refresh test years spark changes accept lint format lab bench mutants lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

report: ## Make results and pages that are out of date (STUDY=KZ-55: of another region)
	@$(PY) -m karaganda_vibe.build$(if $(STUDY),.studies $(STUDY))
	@echo "Open $(if $(STUDY),_output/$(STUDY),_output)/index.html, index.pdf or index.docx beside it"

reports: ## Make the reports of all regions that have a folder in studies/, and a page of them
	@$(PY) -m karaganda_vibe.build.studies

html: ## For writers: only one page, with the results there are: make html EDITION=ru-annexes
	@$(PY) -m karaganda_vibe.quarto_subset --to html --profile $(or $(EDITION),en)

take: ## Take downloaded figures into data/raw: make take FILE=workbook.xls
	@$(SOURCES) -m karaganda_vibe.sources.take $(or $(FILE),--help)

refresh: ## Ask the services for newer editions of data/raw (TABLES="…" YES=--yes; docs/refresh.md)
	@$(SOURCES) -m karaganda_vibe.sources.refresh $(YES) $(TABLES)

test: ## Check everything: compute it again in a scratch copy, then code, data and pages
	@$(TEST) -m karaganda_vibe.build.check
	@$(TEST) -m karaganda_vibe.build
	@$(TEST) -m karaganda_vibe.build.check --inputs
	@$(TEST) -m karaganda_vibe.build.untouched --begin
	@$(TEST) -m karaganda_vibe.build.recompute
	@$(TEST) tests/install_browser.py
	@$(TEST) -m pytest -n 2 --dist loadscope tests
	@$(TEST) -m karaganda_vibe.build.untouched

years: ## Build whole reports of made editions: a year more, a gain, a contradiction (30 min)
	@$(TEST) -m pytest -m years tests/build/test_made_years.py

spark: ## Count registers on Spark as well and compare every cell (needs Java; 450 MB)
	@$(TEST) -m pytest --version
	@$(PYTHON) environment.py spark -m pytest -rs tests/registers

changes: ## Show which results changed since the last commit: values, tables, pictures
	@$(PY) -m karaganda_vibe.build.accept --show

accept: ## Show which results changed and take them as they are, into results.lock
	@$(PY) -m karaganda_vibe.build.accept

lint: ## Check style, formatting and types
	@$(LINT) -m ruff check .
	@$(LINT) -m ruff format --check .
	@$(LINT) -m mypy

format: ## Format the code
	@$(LINT) -m ruff check --fix .
	@$(LINT) -m ruff format .

lab: ## Open the notebooks in JupyterLab
	@$(PYTHON) environment.py lab

bench: ## Time builds beside Jupyter, one notebook after another; writes docs/benchmarks.md
	@$(TEST) -m benchmarks

mutants: ## Change the code a little, again and again: how often does a unit test fail? (hours)
	@$(PYTHON) environment.py mutants tests/mutants.py $(MODULES)

# Everything is resolved at once, and for all Pythons alike: one version of a package in all locks.
LOCK := uv pip compile --universal --python-version 3.11 --fork-strategy fewest --no-emit-index-url \
  --no-annotate --custom-compile-command "make lock" --quiet
lock: ## Pin what pyproject.toml names; versions stay unless UPGRADE=--upgrade (needs uv)
	@mkdir -p build && cat requirements*.lock > build/all.lock
	$(LOCK) $(UPGRADE) pyproject.toml $(foreach group,$(GROUPS),--group $(group)) -o build/all.lock
	$(LOCK) --generate-hashes -c build/all.lock pyproject.toml -o requirements.lock
	@for group in $(GROUPS); do $(LOCK) --generate-hashes -c build/all.lock \
	  --group pyproject.toml:$$group -o requirements-$$group.lock || exit 1; done

clean: ## Remove everything that is built; the committed data and outputs stay
	rm -rf build _output .pytest_cache .mypy_cache .ruff_cache .hypothesis
