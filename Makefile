# The front door. `make help` says what each target does.

PYTHON ?= python3
BIN := .venv/bin
RUN := OMP_NUM_THREADS=1 $(BIN)/python
DIR ?= release
# This package compiles a grammar at every start of Jupyter and nbgrader, for two seconds, so that
# jsonschema can check a kind of address that no notebook has. jsonschema does without it.
TRIM = $(BIN)/python -m pip uninstall --quiet --yes rfc3987-syntax
# Settings of JupyterLab: students get no formgrader, and nobody is asked about news.
JUPYTER := $(CURDIR)/course/jupyter
SETTINGS = $(if $(filter .,$(DIR)),,$(JUPYTER)/students:)$(JUPYTER)/everyone
# Install a system package where we may: $(call get,the command that it brings,the package).
get = command -v $(1) >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || \
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2); } >/dev/null 2>&1 || true

.DEFAULT_GOAL := help
.PHONY: help setup build figures demo grade lab test journeys pictures mutants attacks equality bench clean

help:  ## Say what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 18

setup: .venv/ready  ## Make the virtual environment and install everything the course runs on
.venv/ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 …")'
	@echo "Making .venv and installing; the first time this takes a few minutes."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(TRIM)
	@touch $@
	@$(call get,bwrap,bubblewrap)  # the sandbox for grading

.venv/ready-to-test: .venv/ready tests/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@$(TRIM)
	@# JupyterHub's proxy is a Node program; get it where npm is.
	@! command -v npm >/dev/null || npm install --global --prefix .venv --loglevel=error \
	    --no-audit --no-fund --no-update-notifier configurable-http-proxy@5.3.0 >/dev/null || true
	@touch $@
	@command -v google-chrome >/dev/null || { $(call get,chromium,chromium); }  # for the journeys

build: setup  ## Build source/, notebooks/ and release/ from manuscript/
	$(RUN) -m course.build source release

figures: setup  ## Redraw all figures in images/
	$(RUN) -m course.figures

demo: setup  ## Grade a small sample class from start to end, in demo/
	@$(RUN) -m course.grade demo

grade: setup  ## Grade what is in submitted/ and write feedback/
	@$(RUN) -m course.grade

lab: setup  ## Open JupyterLab in release/, as a student sees it (DIR=. for the whole course)
	@bin=$$(cd $(BIN) && pwd) && cd $(DIR) && \
	    JUPYTER_CONFIG_PATH="$(SETTINGS)$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH}" \
	    "$$bin/jupyter" lab

test: .venv/ready-to-test  ## Run all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(RUN) -m course.build check
	$(RUN) -m pytest -n 2 --dist loadfile

journeys: .venv/ready-to-test  ## Go through the course in a real browser; keep what is seen in screens/
	$(RUN) -m pytest tests/journeys
	@echo "What was seen is in screens/, one folder for each journey."

pictures: journeys  ## Renew the README's pictures from the journeys
	cp screens/student/*-a_diagnosis.png images/a_diagnosis.png
	cp screens/instructor/*-the_class.png images/the_class.png

mutants: setup  ## Measure the checks with wrong and with right solutions
	$(RUN) -m course.mutants

attacks: .venv/ready-to-test  ## Show what hostile submissions try, and what comes of it
	$(RUN) -W ignore -m tests.engine.report

equality: .venv/ready-to-test  ## Compare the engine's points with stock nbgrader's on all known solutions
	$(RUN) -W ignore -m tests.engine.equality

bench: setup  ## Time the grading engine beside stock nbgrader, on one core each
	$(RUN) -W ignore -m course.bench

clean:  ## Remove the environment, the demo and caches; students' work stays
	rm -rf .venv demo screens .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
