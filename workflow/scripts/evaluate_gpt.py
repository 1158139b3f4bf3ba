"""Score the test text and sample with one Transformer language model (verso.language_modelling.gpt.evaluating)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.gpt.evaluating import sample_or_reuse, score_or_reuse

        score_or_reuse(snakemake.input, snakemake.output, snakemake.params)
        sample_or_reuse(snakemake.input, snakemake.output, snakemake.params)
