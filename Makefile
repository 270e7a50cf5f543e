# make app     install once, then start the app on http://127.0.0.1:8501
# make test    install what the tests need (a browser too), then run the whole suite
# make quick   the tests of everything that needs no browser, page, training or measurement: a minute and a half
# make lint    formatting, lint, types, Dockerfile
# make bench   the benchmarks in tests/benchmarks
# make gpu-check   what a GPU is asked when there is one: eight minutes, images in DATA=FOLDER, results in gpu/
# make screenshots   take the README's screenshots anew
# make clean   remove caches and test leftovers (delete .venv yourself to start over)
#
# VENV=.venv   PORT=8501   PYTHON=python3.12   TORCH_INDEX=https://download.pytorch.org/whl/cpu

VENV ?= .venv
PORT ?= 8501
PYTHON ?=
TORCH_INDEX ?=
DATA ?= data/cifar10

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# For two cores: two workers compute while the third mostly waits for its browser. tests/conftest.py says who does what.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: app test quick lint bench gpu-check screenshots clean

define SUPPORTED
import sys
sys.exit(sys.version_info < (3, 11))
endef

# Connecting tells a port in use; binding tells one that cannot be used at all.
define PORT_IS_FREE
import socket, sys
port = sys.argv[1]
if not (port.isdecimal() and 0 < int(port) < 65536):
    sys.exit(f"PORT={port} is not a port number. Give one from 1024 to 65535: make app PORT=8502")
other = int(port) + 1 if 1024 <= int(port) < 65535 else 8501
with socket.socket() as client:
    client.settimeout(2)
    if client.connect_ex(("127.0.0.1", int(port))) == 0:
        sys.exit(f"Port {port} is in use. Start on another one: make app PORT={other}")
with socket.socket() as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("127.0.0.1", int(port)))
    except OSError as problem:
        sys.exit(f"Port {port} cannot be used ({problem.strerror}). Start on another one: make app PORT={other}")
endef

export SUPPORTED PORT_IS_FREE

app: $(VENV)/.installed
	@$(BIN)/python -c "$$PORT_IS_FREE" "$(PORT)"
	@exec $(BIN)/python -m streamlit run app/main.py --server.address 127.0.0.1 --server.port "$(PORT)"

test: $(VENV)/.installed-dev
	$(BIN)/python -m tests.browser.chromium --install
	$(PYTEST)

# Left out: what drives a browser, draws pages, trains, tunes, or measures on a whole supernet.
SLOW_ROOMS := engine/checkpoint engine/cli engine/export engine/network engine/scoring engine/selecting engine/training app/work

quick: $(VENV)/.installed-dev
	$(PYTEST) -m "not browser and not page and not slow" \
	    $(SLOW_ROOMS:%=--ignore=tests/%) --ignore=tests/test_contributing.py

lint: $(VENV)/.installed-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/hadolint Dockerfile

bench: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/benchmarks -o python_files='bench_*.py' -o python_functions='bench_*' -s

gpu-check: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.gpu_check --data "$(DATA)" --out gpu

screenshots: $(VENV)/.installed-dev
	$(BIN)/python -m tests.browser.take_screenshots

clean:
	rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis test-results
	find app engine tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make the second start immediate; a changed requirements file installs again.
$(VENV)/.installed: requirements.txt
	@set -e; \
	if ! test -x $(BIN)/python || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	    for python in $(if $(PYTHON),"$(PYTHON)",python3.11 python3.12 python3.13 python3.14 python3); do \
	        if "$$python" -c "$$SUPPORTED" >/dev/null 2>&1; then break; fi; \
	        python=none; \
	    done; \
	    if test "$$python" = none; then \
	        echo "Python 3.11 or newer is needed. Install it, or name it: make app PYTHON=/path/to/python3.11" >&2; exit 1; \
	    fi; \
	    echo "Creating $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv $(VENV); \
	fi; \
	if ! $(BIN)/python -c "$$SUPPORTED"; then \
	    echo "$(VENV) holds $$($(BIN)/python --version), but 3.11 or newer is needed. Delete it, or use another: make app VENV=.venv311" >&2; exit 1; \
	fi
	@echo "Installing into $(VENV). The first time this takes some minutes; PyTorch is the largest part."
	$(if $(TORCH_INDEX),$(PIP) install --index-url "$(TORCH_INDEX)" torch torchvision)
	$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt requirements-cluster.txt
	$(PIP) install -r requirements-dev.txt
	@touch $@
