# demo and test set up what they need: python3 and make are enough, uv is used where it is installed.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

ifneq ($(shell command -v uv),)
MAKE_VENV = uv venv --quiet --allow-existing --python $(PYTHON) $(VENV)
INSTALL = VIRTUAL_ENV=$(VENV) uv pip install --quiet --constraints constraints.txt
else
MAKE_VENV = $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --upgrade pip
INSTALL = $(BIN)/python -m pip install --quiet --constraint constraints.txt
endif

# Its botocore is not ours, so it has a venv of its own; the tamper matrix runs it.
AWSCLI = awscli==1.46.3
AWSCLI_VENV = .venv-awscli

.PHONY: demo test pytest lint docs bench lab clean awscli

demo: $(VENV)/.installed
	rm -rf demo
	$(BIN)/trailquery demo

test: lint pytest

pytest: $(VENV)/.installed-tests awscli
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

lint: $(VENV)/.installed-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqruff lint sql

docs: $(VENV)/.installed-tests
	$(BIN)/cog -r -I tests README.md docs/commands.md sql/views/README.md sql/queries/README.md docs/attack.md docs/integrity.md

bench: $(VENV)/.installed-tests
	for measured in views ingest query growth memory adding hunt verify; do $(BIN)/python bench/$$measured.py || exit 1; done

lab: $(VENV)/.installed-tests
	$(BIN)/jupyter lab notebooks

awscli: $(AWSCLI_VENV)/.installed

clean:
	rm -rf demo $(VENV) $(AWSCLI_VENV)

$(VENV)/.installed: pyproject.toml constraints.txt
	$(MAKE_VENV)
	$(INSTALL) --editable .
	touch $@

$(AWSCLI_VENV)/.installed: Makefile
	$(PYTHON) -m venv $(AWSCLI_VENV)
	$(AWSCLI_VENV)/bin/python -m pip install --quiet '$(AWSCLI)'
	touch $@

$(VENV)/.installed-tests: pyproject.toml constraints.txt
	$(MAKE_VENV)
	$(INSTALL) --editable '.[lab]' --group test
	touch $(VENV)/.installed $@
