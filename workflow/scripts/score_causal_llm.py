"""Score the test text with one pretrained causal language model (verso.language_modelling.causal_llm.scoring)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.language_modelling.causal_llm.scoring import score

        score(
            documents=snakemake.input.test,
            model_folder=Path(snakemake.input.architecture).parent,
            manifest=snakemake.input.manifest,
            instruction=snakemake.params.instruction,
            settings=snakemake.params.settings,
            scores=snakemake.output.scores,
            hardware=snakemake.output.hardware,
            report=job.report,
            requested=job.requested,
        )
