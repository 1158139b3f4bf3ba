"""Score the test text and sample with one recurrent language model (verso.language_modelling.evaluating)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.evaluating import sample_or_reuse, score_or_reuse
        from verso.language_modelling.recurrent_lm.sampling import sample
        from verso.language_modelling.recurrent_lm.scoring import score

        score_or_reuse(score, snakemake.input, snakemake.output, snakemake.params)
        sample_or_reuse(sample, snakemake.input, snakemake.output, snakemake.params)
