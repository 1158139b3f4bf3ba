"""Comparisons: compare the runs of each task and draw its figures; for all runs, and for those finished so far.

Reads   files of the task's runs and of their corpora, as verso.<task>.task lists them
Writes  results/tables/*.{csv,tex}, results/figures/*.svg, and the same below results/so_far
"""


def reported(files, task, what, ending):
    """Mark output files for Snakemake's own report, except those of a report so far."""
    return {
        name: report(
            path,
            category=f"{what.capitalize()}s",
            caption=f"../report/captions/{task.name}/{name}.rst",
            labels={what: name.replace("_", " "), "format": ending},
        )
        for name, path in files.items()
    }


for task in runs.tasks(runs.all):
    for given in (described, described_so_far):

        rule:
            name:
                rule_names.rule_of_task("compare", task, given.so_far)
            input:
                files=given.of_task(task, given.compared_files),
                settled=given.of_task(task, lambda task, own: list(map(ancient, sources.settled(own)))),
            output:
                **(given.tables(task) if given.so_far else reported(given.tables(task), task, "table", "csv")),
                **given.latex(task),
            log:
                paths.log(rule_names.rule_of_task("compare", task, given.so_far)),
            benchmark:
                paths.benchmark(rule_names.rule_of_task("compare", task, given.so_far))
            conda:
                ENVIRONMENT
            threads: 1
            resources:
                **needs.light_work(rule_names.rule_of_task("compare", task, given.so_far)),
            params:
                runs=given.of_task(task, given.compared_runs),
                corpora=given.of_task(task, given.corpora_of),
                task=task.name,  # for the script's name, which is evaluated when the job runs, after the loop
                code=code_of(f"compare_{task.name}"),
            script:
                "../scripts/compare_{params.task}.py"

        rule:
            name:
                rule_names.rule_of_task("draw", task, given.so_far)
            input:
                **given.tables(task),
                histories=given.of_task(task, lambda task, own: paths.of_runs("history.csv", own)),
                settled=given.of_task(task, lambda task, own: list(map(ancient, sources.settled(own)))),
            output:
                **(given.figures(task) if given.so_far else reported(given.figures(task), task, "figure", "svg")),
            log:
                paths.log(rule_names.rule_of_task("draw", task, given.so_far)),
            benchmark:
                paths.benchmark(rule_names.rule_of_task("draw", task, given.so_far))
            conda:
                ENVIRONMENT
            threads: 1
            resources:
                **needs.light_work(rule_names.rule_of_task("draw", task, given.so_far)),
            params:
                histories=given.of_task(task, given.histories),
                task=task.name,
                code=code_of(f"draw_{task.name}"),
            script:
                "../scripts/draw_{params.task}.py"
