"""Train one recurrent language model (verso.training.language_model)."""

from pathlib import Path

from verso.logs import to_log
from verso.training.language_model import train

if __name__ == "__main__":
    with to_log(snakemake.log[0]):
        train(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            vocabulary=snakemake.input.vocabulary,
            settings=snakemake.params.settings,
            seed=snakemake.params.seed,
            fingerprint=snakemake.params.code,
            weights=snakemake.output.weights,
            architecture=snakemake.output.architecture,
            history=snakemake.output.history,
            hardware=snakemake.output.hardware,
            checkpoints=Path(snakemake.output.history).parent / "checkpoints",  # no output: it must survive a failed job
            checkpoint_seconds=snakemake.resources.checkpoint_seconds,
            gpus=snakemake.resources.gpu,
        )
