"""Read the questions about one manual (verso.corpora.manual.questions)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.manual.questions import prepare_questions

        prepare_questions(
            cleaned=snakemake.input.cleaned,
            path=snakemake.input.questions,
            settings=snakemake.params.settings,
            outputs=dict(snakemake.output.items()),
        )
