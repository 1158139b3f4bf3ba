# Verso. Two commands on a fresh machine: `make demo` and `make test`. Nothing is needed but Python 3.11, 3.12 or 3.13, and make.

# The first that runs, for a name on PATH may be one that pyenv answers with an error
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do $$python -c '$(FITS)' 2>/dev/null && echo $$python && break; done)
NO_PYTHON := Verso runs on Python 3.11, 3.12 or 3.13 with its module venv, and PATH has none. Install one (Debian: apt install python3.11-venv; \
  a cluster: module load python), or name it: make setup PYTHON=/path/to/python3.12
VENV := .venv
TORCH :=
BIN := $(VENV)/bin
CONFIG ?= config/config.yaml
PROFILE ?= $(if $(shell command -v sbatch 2>/dev/null),profiles/slurm,profiles/local)
PROFILE_FOLDER ?= $(or $(XDG_CONFIG_HOME),$(HOME)/.config)/snakemake
VERSO := PYTHONPATH=workflow/scripts $(BIN)/python -m
# What a command line of make says, as options: INPUT=a.csv becomes --input="a.csv". A shell's own PROMPT or NAME says nothing.
# The value comes to the command by its environment, so that no quote or blank in it breaks the line.
said = $(foreach name,$(1),$(if $(filter command,$(firstword $(origin $(name)))),--$(shell echo $(name) | tr A-Z a-z)="$$$(name)"))
# exec, so that a signal to make reaches Snakemake and no shell in between
RUN := exec env PYTHONPATH=workflow/scripts $(BIN)/python -m verso.commands.run $(if $(CORES),--cores $(CORES))

.DEFAULT_GOAL := help
.PHONY: help setup setup-gpu demo run fetch new check plan status history clean-history tensorboard predict write report-so-far cancel install-profile slurm-lab soak soak-search test test-quick lint format config-docs benchmarks clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(BIN)/.run-installed  ## make .venv with everything that Verso runs on (TORCH=cpu or cuda: else what fits this machine)

$(BIN)/.run-installed: requirements/run.txt requirements/constraints.txt
	@python="$(or $(wildcard $(BIN)/python),$(PYTHON))"; test -n "$$python" || { echo "make setup: $(NO_PYTHON)"; exit 1; }; \
	$$python -c '$(FITS)' 2>/dev/null || { echo "make setup: $$python is no Python 3.11, 3.12 or 3.13 with its module venv"; exit 1; }; \
	PYTHONPATH=workflow/scripts $$python -m verso.commands.setup $(VENV) $(TORCH)
	@touch $@

# unsloth without the rest of gpu.txt: on a CPU it needs no more, and its tests run
$(BIN)/.development-installed: $(BIN)/.run-installed requirements/development.txt requirements/unsloth.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/development.txt -c requirements/constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements/unsloth.txt -c requirements/constraints.txt
	@touch $@

demo: $(BIN)/.run-installed  ## language models on the songs and articles and classifiers on the reviews that ship with Verso, all toys, and a report (minutes)
	@$(RUN) --config config/demo.yaml --profile profiles/local

run: $(BIN)/.run-installed  ## train and report all of CONFIG, with PROFILE (EXPERIMENT=lyrics: one experiment; CORES=2: no more of this machine)
	@$(RUN) --config "$(CONFIG)" --profile "$(PROFILE)" $(if $(filter command,$(firstword $(origin EXPERIMENT))),$(EXPERIMENT))

# On Linux the public index holds the CUDA build. Where pip finds a CPU build instead (a mirror, an index of CPU builds), name
# PyTorch's index of CUDA builds in pip's own variable: PIP_EXTRA_INDEX_URL=... make setup-gpu
setup-gpu: TORCH := cuda
setup-gpu: $(BIN)/.run-installed  ## CUDA build of PyTorch instead of a CPU one, unsloth, and whether it sees cards here
	@$(VERSO) verso.commands.cuda_check --build-only || $(BIN)/pip install --disable-pip-version-check --force-reinstall torch -c requirements/constraints.txt --no-cache-dir
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/gpu.txt -c requirements/constraints.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements/unsloth.txt -c requirements/constraints.txt
	@$(VERSO) verso.commands.cuda_check

fetch: $(BIN)/.run-installed  ## all that CONFIG reads from outside, on the login node
	@$(RUN) --config "$(CONFIG)" --profile profiles/local fetch -- --config site= --allowed-rules $$($(VERSO) verso.graph.runs fetching)

# While another Snakemake trains, so without its lock, and it may make nothing but the report
report-so-far: $(BIN)/.run-installed  ## the report of those runs of CONFIG that are finished
	@$(RUN) --config "$(CONFIG)" --profile profiles/local report_so_far -- --config site= --nolock --allowed-rules $$($(VERSO) verso.graph.runs reporting)

plan: $(BIN)/.run-installed  ## table of the runs to come: CONFIG, PROFILE
	@$(VERSO) verso.commands.plan -- --configfile "$(CONFIG)" --profile "$(PROFILE)"

status: $(BIN)/.run-installed  ## how far each run of CONFIG is, from files alone
	@$(VERSO) verso.commands.status --config "$(CONFIG)"

history: $(BIN)/.run-installed  ## the recipes that each run of CONFIG has had, what differs between them, their scores before and after
	@$(VERSO) verso.commands.history --config "$(CONFIG)"

clean-history: $(BIN)/.run-installed  ## remove what is kept of earlier recipes in CONFIG's results, and say how much that frees
	@$(VERSO) verso.commands.clean_history --config "$(CONFIG)"

tensorboard: $(BIN)/.run-installed  ## event files for TensorBoard of CONFIG's trained runs that have none
	@$(VERSO) verso.commands.tensorboard --config "$(CONFIG)"

new: $(BIN)/.run-installed  ## write a config for a file or folder of texts: DATA, NAME, KIND
	@test -n "$$DATA" || { echo "make new DATA=my.csv: the file or folder of texts is missing"; exit 2; }
	@$(VERSO) verso.commands.new $(call said,DATA NAME KIND)

check: $(BIN)/.run-installed  ## what is in CONFIG and its data, and where a run would stop, without training
	@$(VERSO) verso.commands.check --config "$(CONFIG)"

predict: $(BIN)/.run-installed  ## label texts with a trained classifier: CONFIG, MODEL, INPUT; OUTPUT, COLUMN, SEED, CORPUS, EXPERIMENT
	@test -n "$$MODEL" -a -n "$$INPUT" || { echo "make predict CONFIG=my.yaml MODEL=tfidf INPUT=texts.csv: MODEL or INPUT is missing"; exit 2; }
	@$(VERSO) verso.commands.predict --config "$(CONFIG)" $(call said,MODEL INPUT OUTPUT COLUMN SEED CORPUS EXPERIMENT)

write: $(BIN)/.run-installed  ## let a trained language model write: CONFIG, MODEL; PROMPT, N, LENGTH, TEMPERATURE, DRAWS, OUTPUT, SEED, CORPUS, EXPERIMENT
	@test -n "$$MODEL" || { echo "make write CONFIG=my.yaml MODEL=lstm-char: MODEL is missing"; exit 2; }
	@$(VERSO) verso.commands.write --config "$(CONFIG)" $(call said,MODEL PROMPT N LENGTH TEMPERATURE DRAWS OUTPUT SEED CORPUS EXPERIMENT)

cancel:  ## end the SLURM jobs whose name begins with PREFIX (given to Snakemake as --slurm-jobname-prefix)
	@test -n "$(PREFIX)" || { echo "make cancel PREFIX=verso-lyrics: the prefix is missing"; exit 2; }
	@squeue --me --noheader --format '%i %j' | awk -v prefix="$(PREFIX)_" 'index($$2, prefix) == 1 {print $$1}' | xargs -r scancel -v

install-profile: PROFILE := $(if $(filter file,$(origin PROFILE)),profiles/slurm,$(PROFILE))
install-profile:  ## from now on `snakemake --profile slurm` finds this cluster's profile
	@test -d $(PROFILE) || { echo "PROFILE=$(PROFILE) is no folder"; exit 1; }
	@mkdir -p $(PROFILE_FOLDER)
	@if [ -e $(PROFILE_FOLDER)/slurm ] && [ ! -L $(PROFILE_FOLDER)/slurm ]; then echo "$(PROFILE_FOLDER)/slurm is there and no link: move it away first"; exit 1; fi
	@ln -sfn "$$(cd $(PROFILE) && pwd)" $(PROFILE_FOLDER)/slurm && echo "$(PROFILE_FOLDER)/slurm -> $$(cd $(PROFILE) && pwd)"

slurm-lab: $(BIN)/.run-installed  ## a shell in which a real SLURM runs on this machine (as root it installs Debian's packages)
	@PATH="$(abspath $(BIN)):$$PATH" PYTHONPATH=tests $(BIN)/python -m slurm.lab shell

soak: $(BIN)/.development-installed  ## the demo's models on SLURM with a fault every few seconds, SEEDS times (20), until all end alike
	PYTHONPATH=workflow/scripts:tests $(BIN)/python -m slurm.soak $(or $(SEEDS),20)

soak-search: $(BIN)/.development-installed  ## a search of 40 trials by four workers with a fault every moment, ROUNDS times (10), until all ends well
	OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts:tests $(BIN)/python -m search_soak $(or $(ROUNDS),10)

# Four on two cores, for the tests on SLURM often wait (test_cluster.py: 24 CPU-seconds in 62 s). Each holds about 1 GB, and its jobs more.
# Bytecode is kept though a container's environment forbids it: each of a thousand processes would compile Verso anew
test: $(BIN)/.development-installed lint  ## every check and every test
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

test-quick: $(BIN)/.development-installed lint  ## before each commit (minutes): every check, and the unit tests but those of whole trainings
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/unit -m "not slow" -n 2 --dist loadfile

lint: $(BIN)/.development-installed  ## ruff, snakefmt, snakemake --lint, mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint --configfile config/demo.yaml
	$(BIN)/mypy

format: $(BIN)/.development-installed  ## put the code in its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/snakefmt Snakefile workflow

config-docs: $(BIN)/.run-installed  ## make the config's JSON Schema and table of keys anew
	PYTHONPATH=workflow/scripts $(BIN)/python -m verso.config.reference

benchmarks: $(BIN)/.run-installed  ## measure speed and memory (tests/benchmarks/README.md)
	set -e; for script in tests/benchmarks/*.py; do PYTHONPATH=workflow/scripts OMP_NUM_THREADS=1 $(BIN)/python $$script; done

clean:  ## remove .venv and caches; results stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
