# Two commands matter: `make demo` talks to the bot, `make test` passes all tests. Both set up the virtual environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check bench eval talk week injection servers gain docs pages pictures install format lock clean help

help:  ## List the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

install: $(STAMP)  ## Create .venv and install everything that is pinned

# pip resolves this set slowly and, in old versions, wrongly: it only fetches uv, which installs the pinned lock in seconds.
$(STAMP): requirements.lock pyproject.toml $(wildcard intents/*.yaml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; give it with: make PYTHON=python3.11 ..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	$(BIN)/python -m bizaiops_bot.router.learn
	@touch $(STAMP)

demo: install  ## Start the bot with its embedded company; console on http://127.0.0.1:8642
	@$(BIN)/bizaiops demo $(ARGS)

test: install check unit postgres e2e  ## Everything that must pass

# Files are shared out to two processes. A thousand bots that begin and end in one leave holes in as many arenas as there were threads.
PYTEST := MALLOC_ARENA_MAX=1 $(BIN)/python -m pytest -n 2 --dist loadfile
ENGINE := tests/unit/test_engine_*.py tests/unit/test_approval_*.py tests/unit/test_escalation.py tests/unit/test_clicks.py tests/unit/test_delegations.py tests/unit/test_directory.py tests/unit/test_events_inbox.py tests/unit/test_places.py tests/unit/test_home_pages.py

.PHONY: unit newest postgres e2e nightly chaos
unit:
	$(PYTEST) tests/unit tests/eval tests/injection tests/docs
	$(PYTEST) tests/scenario tests/contract

# What the store has a part in once more, on PostgreSQL: the engine, and conversations that wait, restart or take one another's place.
STORED := $(patsubst %,tests/scenario/test_%.py,approvals delegation restart safety_first times_to_come)
STORED_TOO := $(patsubst %,tests/scenario/test_%.py,chat_surfaces healing notices operations release threads)
postgres:
	BIZAIOPS_TEST_STORE=postgres $(PYTEST) $(STORED) $(ENGINE)

# What a newer Python does differently shows in these, without browsers and PostgreSQL.
newest: install
	$(PYTEST) tests/unit

e2e:
	$(PYTEST) tests/e2e

KILLS := 10000
nightly: install chaos servers  ## Long sweeps: 10,000 kills, real servers, every conversation on PostgreSQL too
	BIZAIOPS_TEST_STORE=postgres $(PYTEST) $(STORED_TOO)

chaos: install  ## Kill the bot KILLS times wherever it could hurt, before a release
	BIZAIOPS_KILLS=$(KILLS) $(BIN)/python -m pytest tests/e2e/faults/test_kills.py -q

# Real servers, each built once from pinned sources into ~/.cache/bizaiops (llama.cpp: up to 20 minutes, needs a C++ compiler).
servers: install  ## The bot with real servers of others; what cannot be had is skipped with its reason
	$(BIN)/python -m pytest -rs tests/servers

gain: install  ## What a language model adds to the local stages, as tables; ARGS=--scripted without the real one
	@$(BIN)/python -m tests.servers.gain $(ARGS)

check: install  ## Format, lint, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install  ## Apply the formatter
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install  ## Measure what docs/reference/benchmarks.md reports
	$(BIN)/python -m tools.bench $(ARGS)

eval: install  ## How well the router understands our own phrases, against the baseline
	@$(BIN)/bizaiops eval $(ARGS)

talk: install  ## Scenes of people's talk against the whole bot, as a table; ARGS="--show" lists what went wrong
	@$(BIN)/python -m tests.eval.talk $(ARGS)

week: install  ## A week of people's corrections replayed: what learning them does to sentences nobody said
	@$(BIN)/python -m tests.eval.week $(ARGS)

injection: install  ## Hostile text against the router and an obeying language model, as tables
	@$(BIN)/python -m tests.injection

docs: install  ## Make the reference pages anew from the types
	$(BIN)/python -m tools.gen_docs

pages: install  ## Write the blocks of README and the tutorial anew from a real run
	$(BIN)/python -m tools.real_pages $(ARGS)

pictures: install  ## Draw docs/images anew from real cards; needs npm and chromium
	$(BIN)/python -m tools.render_pictures
	$(BIN)/python -m pytest -q --pictures tests/e2e/test_browser.py

# No index address may get into the lock.
lock:  ## Pin the dependencies again
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --group dev pyproject.toml -o requirements.lock

clean:  ## Remove the virtual environment and the demo's data
	rm -rf $(VENV) .data
