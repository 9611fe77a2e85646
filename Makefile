# Each target makes .venv from requirements/lock.txt first, when it is missing or out of date.
# Another interpreter: make demo PYTHON=python3.12
PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: demo test lint docs bench lock audit

demo: $(INSTALLED)
	$(BIN)/python tools/demo.py

test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: $(INSTALLED)
	$(BIN)/ruff check .
	for script in tools/*.sh .ci/run; do bash -n $$script || exit 1; done

docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo 'look at work_dirs/docs/index.html'

bench: $(INSTALLED)
	$(BIN)/python benchmarks/train_step.py
	$(BIN)/python benchmarks/network.py
	$(BIN)/python benchmarks/layer.py
	$(BIN)/python benchmarks/loss.py
	$(BIN)/python benchmarks/padding.py
	$(BIN)/python benchmarks/padding_price.py
	$(BIN)/python benchmarks/runtimes.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/photo.py
	$(BIN)/python benchmarks/report.py

# Resolves the lock file anew, for all supported Pythons at once.
lock:
	$(BIN)/python -m pip install uv
	$(BIN)/uv pip compile --upgrade --generate-hashes --universal --python-version 3.11 --no-annotate --no-header \
		--no-emit-index-url requirements/lock.in -o requirements/lock.txt

# Compares the lock file with PyPI's list of known holes, which needs a network.
audit:
	$(BIN)/python -m pip install uv
	$(BIN)/uv tool run pip-audit --disable-pip --require-hashes -r requirements/lock.txt

$(INSTALLED): requirements/lock.txt setup.py
	@$(PYTHON) requirements/check_python.py
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
