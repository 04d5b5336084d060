# make quickstart: environment + quick run, to a generated video.   make test: environment + lint + tests.
# make mutants: 100 random faults, put into the code one by one: do the tests see them?
# make test-browser: the pages in a real browser (needs chromium, and node for axe).
# make test-ray: conversion on a Ray cluster of this machine (installs Ray, 200 MB).
# make player: the code of the page that plays clips, built of player/src (needs node).
# make package: the wheel, installed into an empty environment, and the quick run from there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: quickstart test test-browser test-ray player package lint format mutants clean

quickstart: $(VENV)/.installed
	$(BIN)/python quick_train.py

test: $(VENV)/.installed-dev lint
	$(BIN)/python -m pytest -n 2 --ignore=tests/browser

test-browser: $(VENV)/.installed-browser player/node_modules/.installed
	$(BIN)/python -m pytest tests/browser

test-ray: $(VENV)/.installed-ray
	$(BIN)/python -m pytest tests/data/test_engine_ray.py

player: player/node_modules/.installed
	npm --prefix player run build
	cp player/node_modules/three/LICENSE signllm/viewing/player/LICENSE.three

package:
	PYTHON=$(PYTHON) bash .ci/package

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

mutants: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/mutants.py

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.installed: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements.txt requirements-data.txt requirements-serve.txt requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@ $(VENV)/.installed

player/node_modules/.installed: player/package-lock.json
	npm --prefix player ci --no-audit --no-fund
	touch $@

$(VENV)/.installed-browser: requirements-browser.txt $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet -r requirements-browser.txt
	touch $@

$(VENV)/.installed-ray: requirements-ray.txt $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet -r requirements-ray.txt
	touch $@

clean:
	rm -rf $(VENV) build dist signllm.egg-info .pytest_cache .ruff_cache .mypy_cache player/node_modules
