"""What the page says of searches in English."""

FIGURE_LABELS: dict[str, str] = {
    "complete": "complete",
    "pruned": "pruned",
    "failed": "failed",
    "best_line": "best so far",
    "state": "trial",
    "number": "trial, by number",
    "importance": "share of the variance between complete trials",
    "importance_line": "bar: mean over random forests; grey line: lowest to highest; orange: 95 % of forests on shuffled "
    "values stay below",
    "parallel_line": "one line per complete trial, the stronger the better; orange: selected",
    "slices_line": "one point per trial; hollow: pruned, with the last value reported; orange: selected",
    "minutes": "minutes since the first trial began",
    "worker": "worker",
    "trial_curves_line": "one line per trial; dashed: pruned or failed; orange: selected",
}
WORDS: dict[str, str] = {
    "searches": "Hyperparameter search",
    "searches_text": "Each trial trains with other settings and is judged on the validation part; the settings of the best "
    "complete trial are <strong>selected</strong>. The model is then trained anew with them, once per seed, and scored on the "
    "test part, which no trial reads. The value of the selected trial is the best of many and therefore too good: it does not "
    "estimate the score on other texts and cannot be compared with test scores.",
    "overview_caption": "All searches. <em>Selected</em>: the validation value of the selected trial, the best of many; beside "
    "it the test scores. Difference: tuned minus untuned, with its 95 % interval. The same in "
    "<code>tables/searches.csv</code> and <code>.tex</code>",
    "overview_trials": "Complete / pruned / failed",
    "overview_score": "Test score",
    "overview_tuned": "Tuned",
    "overview_difference": "Difference",
    "overview_cost": "Cost",
    "overview_helped": "helped",
    "overview_harmed": "harmed",
    "overview_helped_weights": "these weights better",
    "overview_harmed_weights": "these weights worse",
    "overview_undecided": "undecided",
    "overview_untested": "not testable",
    "overview_no_twin": "no untuned twin",
    "overview_twin_unfinished": "twin not finished",
    "tuning_helped": "<strong>Tuning helped</strong> {model} on <em>{corpus}</em>. {score}: <strong>{tuned}</strong> with the "
    "selected settings, {untuned} untuned ({twin}); difference {difference}{interval}, corrected p {p}.",
    "tuning_harmed": "<strong>Tuning harmed</strong> {model} on <em>{corpus}</em>. {score}: <strong>{tuned}</strong> with the "
    "selected settings, {untuned} untuned ({twin}); difference {difference}{interval}, corrected p {p}.",
    "tuning_helped_weights": "<strong>The tuned weights of {model} are better</strong> on <em>{corpus}</em>. {score}: "
    "<strong>{tuned}</strong> with the selected settings, {untuned} untuned ({twin}); difference {difference}{interval}, "
    "corrected p {p}.",
    "tuning_harmed_weights": "<strong>The tuned weights of {model} are worse</strong> on <em>{corpus}</em>. {score}: "
    "<strong>{tuned}</strong> with the selected settings, {untuned} untuned ({twin}); difference {difference}{interval}, "
    "corrected p {p}.",
    "tuning_undecided": "<strong>Tuning made no significant difference</strong> to {model} on <em>{corpus}</em>. {score}: "
    "{tuned} with the selected settings, {untuned} untuned ({twin}); difference {difference}{interval}, corrected p {p}.",
    "tuning_untested": "<strong>Whether tuning helped {model} on <em>{corpus}</em> cannot be tested</strong> with a single "
    "test document. {score}: {tuned} with the selected settings, {untuned} untuned ({twin}).",
    "tuning_no_twin": "<strong>Whether tuning helped {model} on <em>{corpus}</em> is unknown</strong>. {score}: {tuned} with "
    "the selected settings; its experiment has no untuned model to compare with. Add one: a copy of the entry of {model} "
    "under another name, without its <code>search</code>.",
    "tuning_twin_unfinished": "<strong>Whether tuning helped {model} on <em>{corpus}</em> is not known yet</strong>. {score}: "
    "{tuned} with the selected settings; its untuned twin, {twin}, is not finished.",
    "search_cost": "The search took {hours} for {trials} trials, as much as {times} trainings of this model ({each} each, "
    "mean over seeds).",
    "search_cost_alone": "The search took {hours} for {trials} trials.",
    "amount_gpu_hours": "{hours} GPU-hours",
    "amount_cpu_hours": "{hours} CPU-hours",
    "selected_value": "Selected: trial {trial}, with <code>{by}</code> {value} on the validation part, the best of {complete} "
    "complete trials.",
    "trials_tied": "{tied} trials have this value; the first of them is selected.",
    "all_tied": "That is all complete ones, so the search decided nothing: the validation part may be too small, the trials too "
    "short, or the metric too coarse.",
    "trial_counts": "Trials: {complete} complete, {pruned} pruned, {failed} failed. Sampler: {sampler}; pruner: {pruner}; "
    "seed: {seed}; workers: {workers}.",
    "workers_differ": "With several workers the settings tried depend on which trial ends first: another search may try others.",
    "few_trials": "<strong>Too few trials to rank the keys</strong>: {complete} complete trials for {keys} keys; about "
    "{wanted} are needed. The importances are a hint at most.",
    "beyond_chance": "More important than chance explains: {keys}.",
    "within_chance": "No key is more important than chance explains.",
    "importances_text": "Importance by {evaluator}: the share of the variance between the {trials} complete trials that a key "
    "alone explains in a random forest, mean over {seeds} forests. Chance: the same forests on the same settings with "
    "shuffled values.",
    "importances_missing": "Importances need at least two complete trials with different values.",
    "history_text": "The validation value of each trial, and the best complete one so far.",
    "slices_text": "The validation value by each key, on the scale on which it was searched.",
    "parallel_text": "The settings of each complete trial across all keys, and its value on the last axis.",
    "trial_curves_text": "The validation value of each trial by epoch.",
    "timeline_text": "Which worker ran which trial, and when. A trial that was interrupted and resumed includes its pause.",
    "selected_caption": "Settings of {model} on {corpus}: tried, selected, and without the search",
    "key": "Key",
    "tried": "Tried",
    "selected": "Selected",
    "untuned": "Without search",
    "range": "{low} to {high}",
    "caution_one_seed": "<strong>This is about these weights, on texts like these</strong>: at least one of the two has "
    "one seed, so which recipe is better is not known.",
    "caution_two_seeds": "At least one of the two has only two seeds, which hardly show how much of the difference is luck.",
    "range_log": "{low} to {high}, logarithmic",
    "range_step": ", every {step}",
    "all_trials": "All trials: {count}",
    "trials_caption": "Trials of {model} on {corpus}; value: <code>{by}</code> on the validation part",
    "trial": "Trial",
    "trial_value": "Value",
    "trial_state": "State",
    "state_complete": "complete",
    "state_pruned": "pruned",
    "state_failed": "failed",
    "is_selected": "selected",
    "again": "trial {trial} again",
    "trial_worker": "Worker",
    "trial_reason": "Reason",
    "figure_history": "Validation value of each trial and the best so far, {model} on {corpus}; the values are in the table "
    "of trials.",
    "figure_importances": "Importance of each key, {model} on {corpus}; the values are in importances.csv of the search.",
    "figure_slices": "Validation value by each key, {model} on {corpus}; the values are in the table of trials.",
    "figure_parallel": "Settings of each complete trial, {model} on {corpus}; the values are in the table of trials.",
    "figure_trial_curves": "Validation value of each trial by epoch, {model} on {corpus}; the values are in curves.csv of the "
    "search.",
    "figure_timeline": "Trials of each worker over time, {model} on {corpus}; the times are in trials.csv of the search.",
}
