"""What jobs of pretrained models ask for beside their trainings: miniatures, scoring, writing and predicting, merging. Makes no file.

Reads   what needs.smk reads, whose functions these are made of
"""

ANSWERING = ("answer_prompts", "answer_probes")


def needs_of_miniature():
    """The resources of making a miniature: what its entry says, without a card, grown as those of light work are."""

    def named(name):
        def resource(wildcards, attempt):
            log_file = log_path("make_miniature", wildcards.pretrained)
            wanted = needs.needs_of_miniature(CONFIG.pretrained[wildcards.pretrained], causes_before(log_file, attempt))
            return at_most_the_sites(wanted)[name]

        return resource

    changing = {name: named(name) for name in ("mem_mb", "runtime", "checkpoint_seconds")}
    return {**light_work("make_miniature", "{pretrained}"), **changing}


def needs_of_merging():
    """The resources of merging adapters into a base: without a card, in main memory the whole base unpacked."""

    def named(name):
        def resource(wildcards, attempt):
            log_file = log_path("merge_causal_llm", RUN).format(**dict(wildcards.items()))
            wanted = needs.needs_of_merging(configuration_of(wildcards.model), causes_before(log_file, attempt))
            return at_most_the_sites(wanted)[name]

        return resource

    return {**light_work("merge_causal_llm", RUN), **{name: named(name) for name in ("mem_mb", "runtime")}}


def use_of_pretrained(rule_name):
    """The resources of a rule that scores, writes or predicts with a pretrained model."""

    def of_use(name):
        def resource(wildcards, attempt):
            log_file = log_path(rule_name, RUN).format(**dict(wildcards.items()))
            return use_needs(wildcards.model, log_file, attempt, int(time.monotonic() // 5)).get(name)

        return resource

    # No warning before the time limit but where replies are saved: else it would end what saves nothing, and be taken for
    # another death than one of time
    warned = () if rule_name in ANSWERING else ("slurm_extra",)
    of_trainings = ("checkpoint_seconds", "expected_seconds", *warned, *DISK)
    asked = {name: of_use(name) for name in TRAINING if name not in of_trainings}
    return {**asked, "expected_seconds": expected_of_use(rule_name), **DISK}


def expected_of_use(rule_name):
    """Seconds of a rule that scores, writes or predicts with a pretrained model, for a plan."""

    def seconds(wildcards):
        corpus, model = wildcards.corpus, wildcards.model
        entry = CONFIG.models[model]
        if rule_name in ("predict_encoder_probes", "answer_probes"):
            texts = [probe.text for probe in CONFIG.corpora[corpus].probes]
            return needs.expected_seconds_of_texts(entry, configuration_of(model), texts)
        sampling = CONFIG.corpora[corpus].sampling if rule_name == "sample_causal_llm" else None
        return needs.expected_seconds_of_use(Path(RESULTS), corpus, model, entry, configuration_of(model), sampling)

    return seconds
