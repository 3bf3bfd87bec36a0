# One line of set-up for everything: each target below makes .venv first when it is not there.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# No plugin but those in use: pytest rewrites the asserts of all of a plugin's package, and Hypothesis
# is a large one. What was compiled is kept, whatever the shell says of it.
# Three workers, also on two cores: some tests wait for processes of their own.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --disable-plugin-autoload \
	-p pytest_asyncio.plugin -p xdist.plugin -p _hypothesis_pytestplugin
# What a prompt holds is the person's business: it goes through the environment, never through the shell.
export DEMO_PROMPT := $(value PROMPT)
export DEMO_IMAGE := $(value IMAGE)
.DEFAULT_GOAL := help
.PHONY: help demo chat run doctor drill test check chaos bench texts models format pins clean

help: ## what can be made here
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(VENV)/run.stamp: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this one is " + sys.version.split()[0] + " (make PYTHON=python3.12 ...)" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: $(VENV)/run.stamp ## watch the bot work without any account: make demo PROMPT="рыжая лиса --ar 16:9 --n 2"
	@$(BIN)/python main.py demo

chat: $(VENV)/run.stamp ## talk to it in the browser, without any account
	@$(BIN)/python main.py chat

run: $(VENV)/run.stamp ## start the real bot with the keys in .env
	@$(BIN)/python main.py

test: check ## the same as check
check: $(VENV)/dev.stamp ## formatter, linter, import contracts, strict types, all tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(PYTEST) -n 3

doctor: $(VENV)/run.stamp ## check settings, data and services, one line each
	@$(BIN)/python main.py doctor

drill: $(VENV)/run.stamp ## try whether the newest backup can be restored; nothing is changed
	@$(BIN)/python main.py drill $(FILE)

chaos: $(VENV)/dev.stamp ## kill the bot at random moments and check the books: make chaos ROUNDS=50 SEED=1
	$(BIN)/python -m tests.chaos --rounds $(or $(ROUNDS),10) --seed $(or $(SEED),1)

bench: $(VENV)/dev.stamp ## measure it all, 15 minutes on a quiet machine: make bench ONLY="updates start"
	$(BIN)/python -m tests.bench --page docs/performance.md $(if $(ONLY),--only $(ONLY)) $(if $(BEFORE),--before $(BEFORE))

texts: $(VENV)/dev.stamp ## bring the catalogues up to date with the texts in the code
	$(BIN)/pybabel -q extract -k _ -k _n:1,2 --no-location --omit-header -o $(VENV)/texts.pot bot handlers
	for po in bot/texts/locales/*.po; do \
	  $(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete -w 100 -i $(VENV)/texts.pot -o $$po -l $$(basename $$po .po); \
	  grep -v '^"\(Project-Id\|Report-Msgid\|POT-Creation\|PO-Revision\|Last-Translator\|Language-Team\|Generated-By\)' $$po > $$po.new && mv $$po.new $$po; \
	done

models: $(VENV)/run.stamp ## write docs/models.md anew: what each model takes, costs and gives
	@$(BIN)/python -m tests.models_page

format: $(VENV)/dev.stamp ## let the formatter and the linter mend what they can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pins: ## write requirements*.txt anew from pyproject.toml (needs uv)
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make pins" -o requirements.txt
	uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make pins" -o requirements-dev.txt

clean: ## remove what was made here, not your data
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis demo-output
