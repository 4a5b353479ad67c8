# make demo: the real daemon against stand-ins on this machine. make test: every test, with real servers.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-quick test-servers lint venv lock readme clean

demo: .venv/runtime
	$(BIN)/autoscaler demo $(ARGS)

venv: .venv/dev

.venv/runtime: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
	touch $@

test: .venv/dev
	-$(BIN)/python -m tests.servers.install
	$(BIN)/python -m pytest

test-quick: .venv/dev
	$(BIN)/python -m pytest -m "not e2e"

test-servers: .venv/dev
	$(BIN)/python -m tests.servers.install

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/cog --check README.md

readme: .venv/dev
	$(BIN)/cog -r README.md

lock:
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml --extra dev -o requirements-dev.lock

clean:
	rm -rf .venv build dist autoscaler-demo
