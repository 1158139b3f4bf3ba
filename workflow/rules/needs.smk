"""What jobs ask for: threads and resources of every rule come from here, and none of them ever re-runs anything. Makes no file.

Reads   earlier results/runs/<corpus>/<model>/seed-*/{,scoring_,sampling_}hardware.json, results/corpora/<corpus>/statistics.json, the job records in results/logs
"""

NEEDS = ["mem_mb", "runtime", "vram_mb", "cards", "checkpoint_seconds", "expected_seconds"]
DISK = {"disk_mb": 1000}  # nobody asks for it; without a word Snakemake would look at all inputs of every job of a cluster


@cache
def causes_before(log_file, attempt):
    """Why the earlier attempts of a job ended, so that this one asks for what was short."""
    if attempt == 1:
        return ()
    attempts = records.read_record(records.record_path(log_file)).get("attempts", [])
    causes = tuple(records.earlier_causes(attempts, records.start_of_snakemake()))
    if workflow.is_main_process:
        logger.info(
            f"{log_file}: attempt {attempt}; earlier ones ended by: {', '.join(causes) or 'unknown (they left no record)'}"
        )
    return causes


@cache
def recipe_of(model):
    return provenance.key_of_settings(settings_of(model))


@cache
def training_needs(corpus, model, seed, attempt, moment):
    """All resources of one training: what it must hold, and how this site is asked for that.

    moment: which five seconds these are, for nothing is kept longer: Snakemake asks again once the corpus is prepared and
    when a seed before this one has ended, and then its size and its time are known.
    """
    entry = CONFIG.models[model]
    log_file = log_path(driver_of(model), RUN).format(corpus=corpus, model=model, seed=seed)
    if learns_nothing(model):
        return use_needs(model, log_file, attempt, moment) | {"expected_seconds": 0}
    size = known.corpus_size(Path(corpus_path("").format(corpus=corpus)))
    learnt = known.earlier_runs(Path(RESULTS), corpus, model, recipe_of(model))
    wanted = needs.needs_of_training(entry, size, learnt, causes_before(log_file, attempt), configuration_of(model))
    return as_the_site_is_asked(wanted)


@cache
def use_needs(model, log_file, attempt, moment):
    """All resources of scoring, writing or predicting with a pretrained model."""
    return as_the_site_is_asked(
        needs.inference_resources(CONFIG.models[model], configuration_of(model), causes_before(log_file, attempt))
    )


def configuration_of(model):
    """Of the pretrained model that a model starts from; of one that starts from none, what says nothing."""
    name = getattr(CONFIG.models[model], "pretrained", None)
    if name is None:
        return configurations.UNKNOWN
    snapshot = Path(pretrained_path("snapshot").format(pretrained=name))
    return configurations.configuration_of(CONFIG.pretrained[name], snapshot)


def as_the_site_is_asked(wanted):
    asked = site.request(SITE, wanted["cards"], wanted["vram_mb"]) if SITE else {}
    return {**at_most_the_sites(wanted), **asked}


def at_most_the_sites(wanted):
    """A limit above the partition's would wait for ever; a training goes on in its next attempt."""
    longest = SITE.maximum_runtime if SITE else None
    return {**wanted, "runtime": min(wanted["runtime"], longest)} if longest else wanted


def needs_now(corpus, model, seed, attempt=1):
    return training_needs(corpus, model, int(seed), attempt, int(time.monotonic() // 5))


def of_training(name):
    """One of the resources of a training; None, which Snakemake leaves out, where the site is not asked for it."""

    def resource(wildcards, attempt):
        return needs_now(wildcards.corpus, wildcards.model, wildcards.seed, attempt).get(name)

    return resource


def light_work(rule_name, wildcards_of_log=""):
    """The resources of light work, which trains nothing (preparing, scoring a small model, comparing, drawing).

    Functions only where the attempt matters: Snakemake takes a millisecond for each, and there are thousands of such jobs.
    """

    def grown(name):
        def resource(wildcards, attempt):
            log_file = log_path(rule_name, wildcards_of_log).format(**dict(wildcards.items()))
            wanted = needs.needs_of_light_work(causes_before(log_file, attempt))
            return at_most_the_sites(wanted)[name]

        return resource

    wanted = needs.needs_of_light_work()
    return {
        **{name: grown(name) if name in ("mem_mb", "runtime") else value for name, value in wanted.items()},
        **(site.request_without_card(SITE) if SITE else {}),
        **DISK,
    }


def threads_of_model(wildcards):
    return CONFIG.models[wildcards.model].needs.cpus


def longest_first(wildcards):
    """Trainings that last long, or take several cards, start first, so that the others fill the gaps at the end."""
    wanted = needs_now(wildcards.corpus, wildcards.model, wildcards.seed)
    return wanted["expected_seconds"] * max(1, wanted["cards"])


def cards_of_this_machine(found):
    """The site with the cards that are visible here, where its block lists none."""
    try:
        visible = [] if found.cards else visible_cards.visible_cards()
    except VersoError as error:
        stop(error)
    return found.model_copy(
        update={"cards": found.cards or [site.Card(name=f"card {number}", vram_mb=size) for number, size in enumerate(visible)]}
    )


def refuse_what_no_card_holds():
    """Before anything is submitted: every training or use to come that needs more than the site's cards, in one message.

    By the files that there are: what is finished and out of date is refused by the resources of its job, when that is planned.
    """
    faults = []
    for corpus, model, seed in RUNS:
        run = [(corpus, model, seed)]
        trained = of_runs("history.csv", run) + of_runs("hardware.json", run) + of_runs("model/architecture.json", run)
        try:
            if not all(Path(path).exists() for path in trained):
                needs_now(corpus, model, seed)
            if hasattr(CONFIG.models[model], "pretrained") and not all(Path(path).exists() for path in results_of_runs(run)):
                use_needs(model, "", 1, 0)  # to write with a model may take more than to tune it
        except VersoError as error:
            faults.append(f"  models.{model} on {corpus}: {error}")
    if faults:
        stop("The profile's site block has no room for these runs:\n" + "\n".join(dict.fromkeys(faults)))


# Without any run on a card all of these are the same for every run, and need no function
CARDS_ARE_ASKED = any(CONFIG.models[model].needs.gpus for _, model, _ in RUNS)
TRAINING = {name: of_training(name) for name in [*NEEDS, *(site.ways_to_ask(SITE) if SITE else [])]} | DISK
if not CARDS_ARE_ASKED:
    TRAINING = {name: TRAINING[name] for name in NEEDS} | {"cards": 0, "vram_mb": 0} | DISK
    TRAINING |= site.request(SITE, 0, 0) if SITE else {}

if SITE and workflow.is_main_process:
    if SITE.leases and CARDS_ARE_ASKED:
        SITE = cards_of_this_machine(SITE)
        # one pool, so that no more runs start than the cards hold together; the lease finds each its card
        if SITE.cards:
            workflow.register_resource("vram_pool_mb", sum(kind.vram_mb * kind.count for kind in SITE.cards))
    refuse_what_no_card_holds()
