"""Threads and resources of all rules; a change of them never re-runs a job.

Reads earlier results/runs/<corpus>/<model>/seed-*/{,scoring_,sampling_}hardware.json, results/corpora/<corpus>/statistics.json
and the job records in results/logs.
"""

import math
import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from verso.contract import MODEL, Configuration, Work
from verso.errors import VersoError
from verso.graph.inputs import Inputs
from verso.graph.paths import RUN, Paths, Run
from verso.graph.runs import Runs
from verso.jobs import records
from verso.machine import site as sites
from verso.machine import visible_cards
from verso.needs import history, request, searching
from verso.pretrained import model_config
from verso.provenance import key_of_settings
from verso.registry import FAMILIES
from verso.slurm import answers, check

NEEDS = ("mem_mb", "runtime", "vram_mb", "cards", "checkpoint_seconds", "expected_seconds")
DISK = {"disk_mb": 1000}  # no job needs more; without it, Snakemake would read the sizes of all inputs of every job of a cluster
MOMENT_SECONDS = 5  # how long data of earlier runs is cached

Resource = Callable[..., Any]  # of wildcards and attempt


class Requests:
    """The resources of all rules, for one site (None: this machine without a `site` block).

    is_main: False in a job's own Snakemake, which parses the rules again. say: prints a line for the user.
    """

    def __init__(self, runs: Runs, inputs: Inputs, site: Any, *, is_main: bool, say: Callable[[str], None]) -> None:
        self._runs, self._inputs, self.site, self._is_main, self._say = runs, inputs, site, is_main, say
        self._causes = cache(self._causes_before)
        self._recipe = cache(lambda model: key_of_settings(inputs.settings_of(model)))
        self._training = cache(self._of_training_at)
        self._inference = cache(self._of_inference_at)
        self._entries = cache(lambda corpus, model, moment: inputs.entries_of(corpus, model))
        self.site_is_wrong = False  # as fault_of_site found
        self.cards_requested = any(runs.config.models[model].needs.gpus for _, model, _ in runs.all)

    @property
    def _paths(self) -> Paths:
        return self._runs.paths

    # --- trainings ---

    def training(self) -> dict[str, Any]:
        """Requests of a training. If no run uses a card, most are the same for every run and need no function."""
        names = [*NEEDS, *(sites.ways_to_ask(self.site) if self.site else [])]
        # A resource, for event files change no result (verso.jobs.event_files)
        fixed = DISK | {"tensorboard": int(self._runs.config.tensorboard)}
        if self.cards_requested:
            return self._by_cpu({name: self._of_training(name) for name in names} | fixed)
        found = {name: self._of_training(name) for name in NEEDS} | {"cards": 0, "vram_mb": 0} | fixed
        return self._by_cpu(found | (sites.request(self.site, 0, 0) if self.site else {}))

    def longest_first(self, wildcards: Any) -> int:
        """Priority: trainings that last long or use several cards start first, so that the others fill the gaps at the end."""
        wanted = self.of_training_now(wildcards.corpus, wildcards.model, wildcards.seed)
        return int(wanted["expected_seconds"] * max(1, wanted["cards"]))

    def of_training_now(self, corpus: str, model: str, seed: Any, attempt: int = 1) -> dict[str, Any]:
        """All resources of one training."""
        return self._training(corpus, model, int(seed), attempt, moment_now())

    def _of_training(self, name: str) -> Resource:
        """One resource of a training; None, which Snakemake omits, where the site does not use it."""

        def resource(wildcards: Any, attempt: int) -> Any:
            return self.of_training_now(wildcards.corpus, wildcards.model, wildcards.seed, attempt).get(name)

        return resource

    def _of_training_at(self, corpus: str, model: str, seed: int, attempt: int, moment: int) -> dict[str, Any]:
        """moment: a five-second time bucket, the key of the cache. Snakemake calls again when the corpus is ready or an earlier
        seed is done; the answer must then be computed anew.
        """
        family, entry = self._runs.family(model), self._runs.config.models[model]
        log_file = self._paths.log(family.made_by(entry), RUN).format(corpus=corpus, model=model, seed=seed)
        if not family.trains(entry):
            return self._inference((corpus, model), log_file, attempt, moment, True) | {"expected_seconds": 0}
        size, causes = history.corpus_size(Path(self._paths.corpus("", corpus))), self._causes(log_file, attempt)
        found = self._inputs.entry_of(corpus, model)
        if found is None:
            return self._site_request(searching.of_training(family, entry, size, causes, self._configuration(model)))
        recipe = self._recipe(model) if found is entry else key_of_settings(self._inputs.decisive(found))
        earlier = history.earlier_runs(Path(self._paths.results), corpus, model, recipe)
        return self._site_request(request.needs_of_training(family, found, size, earlier, causes, self._configuration(model)))

    # --- inference with a pretrained model ---

    def inference(self, rule: str) -> dict[str, Any]:
        """Requests of a rule that scores, samples or predicts with a pretrained model."""

        def named(name: str) -> Resource:
            def resource(wildcards: Any, attempt: int) -> Any:
                log_file = self._paths.log(rule, RUN).format(**dict(wildcards.items()))
                on = (wildcards.corpus, wildcards.model)
                return self._inference(on, log_file, attempt, moment_now(), resumable).get(name)

            return resource

        resumable = self._work(rule).resumable
        of_trainings = ("checkpoint_seconds", "expected_seconds", "mem_mb_per_cpu", "tensorboard", *DISK)
        found = {name: named(name) for name in self.training() if name not in of_trainings}
        return self._by_cpu({**found, "expected_seconds": self._expected(rule), **DISK})

    def _of_inference_at(self, on: tuple[str, str], log_file: str, attempt: int, moment: int, warned: bool) -> dict[str, Any]:
        """on: corpus and model. moment: as of a training. warned: SLURM sends a signal before the time limit."""
        family, base = self._runs.family(on[1]), self._configuration(on[1])
        causes, entries = self._causes(log_file, attempt), self._entries(*on, moment)
        wanted = searching.most_of([request.needs_of_inference(family, entry, base, causes) for entry in entries])
        return self._site_request(wanted, warned)

    def _work(self, rule: str) -> Work:
        return next(family.works[rule] for family in FAMILIES if rule in family.works)

    def _expected(self, rule: str) -> Callable[[Any], int]:
        """Expected seconds of a rule that loads a pretrained model, for a plan."""
        work = self._work(rule)

        def seconds(wildcards: Any) -> int:
            model, config = wildcards.model, self._runs.config
            run, base = (Path(self._paths.results), wildcards.corpus, model), self._configuration(model)
            entries, corpus = self._entries(wildcards.corpus, model, moment_now()), config.corpora[wildcards.corpus]
            return max(request.expected_seconds(work, run, entry, base, corpus) for entry in entries)

        return seconds

    # --- miniatures, merging, light work ---

    def miniature(self) -> dict[str, Any]:
        """Requests of making a miniature: those of its entry, without a card, raised after shortages as for light work."""

        def wanted(wildcards: Any, causes: tuple[str, ...]) -> Mapping[str, int]:
            entry: Any = self._runs.config.pretrained[wildcards.pretrained]
            return request.needs_of_miniature(entry, causes)

        names = ("mem_mb", "runtime", "checkpoint_seconds")
        changing = self._grown("make_miniature", "{pretrained}", names, wanted)
        return self._by_cpu({**self.light_work("make_miniature", "{pretrained}"), **changing})

    def of_work(self, rule: str) -> dict[str, Any]:
        """Requests of a rule whose Work defines them, without a card: merging adapters, scoring a model trained here."""

        def wanted(wildcards: Any, causes: tuple[str, ...]) -> Mapping[str, int]:
            model, corpus, config = wildcards.model, wildcards.corpus, self._runs.config
            folder, configuration = Path(self._paths.corpus("", corpus)), self._configuration(model)
            work, entries, of_corpus = self._work(rule), self._entries(corpus, model, moment_now()), config.corpora[corpus]
            needs = (request.needs_of_work(work, entry, configuration, folder, of_corpus, causes) for entry in entries)
            return searching.most_of(list(needs))

        return self._by_cpu({**self.light_work(rule, RUN), **self._grown(rule, RUN, ("mem_mb", "runtime"), wanted)})

    def light_work(self, rule: str, wildcards_of_log: str = "") -> dict[str, Any]:
        """Requests of light work (preparing, predicting with a small classifier, comparing, drawing).

        Functions are used only where the attempt matters: each costs Snakemake a millisecond, for thousands of such jobs.
        """
        grown = self._grown(rule, wildcards_of_log, ("mem_mb", "runtime"), lambda _, causes: request.needs_of_light_work(causes))
        of_site = sites.request_without_card(self.site) if self.site else {}
        return self._by_cpu({**request.needs_of_light_work(), **grown, **of_site, **DISK})

    def kept(self) -> dict[str, int]:
        """How much is kept of a job's earlier results (verso.jobs.earlier); in resources, so that a change re-runs nothing."""
        history = self._runs.config.history
        return {"kept_recipes": history.recipes, "kept_mb": history.megabytes}

    def _grown(
        self,
        rule: str,
        wildcards_of_log: str,
        names: tuple[str, ...],
        wanted: Callable[[Any, tuple[str, ...]], Mapping[str, int]],
    ) -> dict[str, Resource]:
        """Requests that are raised by the causes of earlier attempts' ends."""

        def named(name: str) -> Resource:
            def resource(wildcards: Any, attempt: int) -> int:
                log_file = self._paths.log(rule, wildcards_of_log).format(**dict(wildcards.items()))
                return int(self._capped_by_site(wanted(wildcards, self._causes(log_file, attempt)))[name])

            return resource

        return {name: named(name) for name in names}

    # --- data for the requests ---

    def _causes_before(self, log_file: str, attempt: int) -> tuple[str, ...]:
        """Causes of the ends of a job's earlier attempts, so that this one requests more of what was short."""
        if attempt == 1:
            return ()
        attempts = records.read_record(records.record_path(log_file)).get("attempts", [])
        causes = tuple(records.earlier_causes(attempts, records.start_of_snakemake()))
        if self._is_main:
            why = ", ".join(causes) or "unknown (they left no record)"
            self._say(f"{log_file}: attempt {attempt}; earlier ones ended by: {why}")
        return causes

    def _configuration(self, model: str) -> Configuration:
        """Configuration of a model's base model; empty for a model without one."""
        name = self._runs.pretrained(model)
        if name is None:
            return model_config.UNKNOWN
        snapshot = Path(self._paths.pretrained("snapshot", name))
        return model_config.configuration_of(self._runs.config.pretrained[name], snapshot)

    def _by_cpu(self, requested: dict[str, Any]) -> dict[str, Any]:
        """The same with the memory of each core, where the site wants it so: what is foreseen, shared by the job's threads."""
        memory = requested["mem_mb"]

        def of_a_cpu(wildcards: Any, attempt: int, threads: int) -> int:
            return math.ceil((memory(wildcards, attempt) if callable(memory) else memory) / threads)

        return {**requested, "mem_mb_per_cpu": of_a_cpu} if self.site and self.site.memory_per_cpu else requested

    def _site_request(self, wanted: dict[str, int], warned: bool = True) -> dict[str, Any]:
        of_site = sites.request(self.site, wanted["cards"], wanted["vram_mb"], warned) if self.site else {}
        return {**self._capped_by_site(wanted), **of_site}

    def _capped_by_site(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """Cap the time limit: SLURM never starts a job above the partition's; a training resumes in its next attempt."""
        longest = self.site.maximum_runtime if self.site else None
        return {**wanted, "runtime": min(wanted["runtime"], longest)} if longest else dict(wanted)

    # --- before anything is submitted ---

    def find_cards(self) -> int | None:
        """Add the cards that are visible here to a site that uses leases and lists no cards.

        Returns the memory of all cards together in MB, so that no more runs start than they hold; None without leases.
        Raises VersoError when the cards cannot be read.
        """
        if not (self.site and self.site.leases and self.cards_requested):
            return None
        visible = [] if self.site.cards else visible_cards.visible_cards()
        found = [sites.Card(name=f"card {number}", vram_mb=size) for number, size in enumerate(visible)]
        self.site = self.site.model_copy(update={"cards": self.site.cards or found})
        return sum(kind.vram_mb * kind.count for kind in self.site.cards) or None

    def faults_of_cards(self) -> str:
        """One message with every unfinished training or inference that needs more than the site's cards; empty if there is none.

        It goes by existing files: a finished but outdated run is refused by its job's resources, when that job is planned.
        """
        faults = []
        for run in self._runs.all:
            try:
                self._must_fit(run)
            except VersoError as error:
                faults.append(f"  models.{run[1]} on {run[0]}: {error}")
        return "\n".join(["The profile's site block has no room for these runs:", *dict.fromkeys(faults)]) if faults else ""

    def fault_of_site(self) -> str:
        """What the cluster that is here would refuse of the site block and of the requests of unfinished runs, in one message.

        Empty if there is nothing, and where no SLURM answers. site_is_wrong says whether a start has to stop for it.
        """
        if not self.site or self.site.leases:
            return ""
        known = answers.known_from(answers.ask(), os.environ.get("SBATCH_PARTITION"))
        planned = [one for run in self._runs.all if (one := self._planned(run))] if known.partitions else []
        of_flags, of_site = check.fault_of_flags(self.site), check.fault_of_site(self.site, planned, known)
        self.site_is_wrong = bool(of_flags or (of_site and not known.rewrites))
        return "\n".join(fault for fault in (of_flags, of_site) if fault)

    def _planned(self, run: Run) -> check.Planned | None:
        """What the training of an unfinished run requests; None of a finished one, and of one that no card holds."""
        if all(Path(path).exists() for path in self._runs.results([run])):
            return None
        try:
            wanted = self.of_training_now(*run)
        except VersoError:  # said by faults_of_cards
            return None
        who, cpus = f"models.{run[1]}", self._runs.config.models[run[1]].needs.cpus
        return check.Planned(who, wanted["runtime"], wanted["mem_mb"], cpus, wanted.get("slurm_partition"))

    def _must_fit(self, run: Run) -> None:
        trained = [self._paths.of_run(name, run) for name in ("history.csv", "hardware.json", MODEL)]
        if not all(Path(path).exists() for path in trained):
            self.of_training_now(*run)
        if self._runs.pretrained(run[1]) and not all(Path(path).exists() for path in self._runs.results([run])):
            self._inference(run[:2], "", 1, 0, False)  # sampling from a model may need more than tuning it


def moment_now() -> int:
    """Which five-second time bucket it is."""
    return int(time.monotonic() // MOMENT_SECONDS)
