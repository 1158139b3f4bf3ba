"""Score the test text and sample with one recurrent language model (verso.language_modelling.recurrent_lm: scoring, sampling)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.files import kept_or_made
        from verso.language_modelling.recurrent_lm.sampling import sample
        from verso.language_modelling.recurrent_lm.scoring import score
        from verso.provenance import key_of_files

        given, params = snakemake.input, snakemake.params
        kept, model = Path(snakemake.output.scores).parent / "checkpoints", [given.vocabulary, given.weights, given.architecture]
        common = {"model_folder": Path(given.weights).parent, "vocabulary": given.vocabulary}
        kept_or_made(
            kept / "scores" / key_of_files(params.scoring_code, params.scoring, [given.test, *model]),
            {"scores.csv": snakemake.output.scores},
            lambda: score(documents=given.test, settings=params.scoring, scores=snakemake.output.scores, **common),
        )
        kept_or_made(
            kept / "samples" / key_of_files(params.sampling_code, params.sampling, [given.train, *model]),
            {"samples.jsonl": snakemake.output.samples},
            lambda: sample(train=given.train, settings=params.sampling, samples=snakemake.output.samples, **common),
        )
