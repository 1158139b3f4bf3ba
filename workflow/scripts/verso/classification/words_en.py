"""What the page says of classifiers in English."""

FIGURE_LABELS: dict[str, str] = {
    "f1_macro": "macro F1 of the test texts (higher is better)",
    "f1_line": "whisker: 95 % interval; grey tick: one seed",
    "f1_line_grouped": "whisker: 95 % interval; grey tick: one seed; recipes with a dot on one bar do not differ significantly",
    "curves_line": "macro F1 of the validation texts by epoch, a line a seed; dot: the weights kept; dotted: the highest dot",
    "groups": "groups",
    "true_label": "true label",
    "predicted_label": "predicted label",
    "invalid": "invalid",
    "confusion_line": "number of texts, mean over seeds; darker: larger share of the texts with that true label",
}
WORDS: dict[str, str] = {
    "classifiers": "Classifiers",
    "classifier_learning": "Learning curves of the classifiers",
    "classifier_pairs": "Pairwise comparisons of classifiers",
    "classifier_labels": "Results by label",
    "classifier_cost": "Cost of the classifiers",
    "classifier_errors": "Most confident errors",
    "probes": "Texts written by the user",
    "classifier_best": "<strong>{model}</strong> has the highest macro F1 on the test texts of <em>{corpus}</em>: "
    "<strong>{value}</strong>{interval}, accuracy {accuracy}.",
    "classifier_only": "<strong>{model}</strong> predicts the labels of <em>{corpus}</em> with <strong>macro F1 "
    "{value}</strong>{interval}, accuracy {accuracy}.",
    "classifier_lead_decided": "It beats the second, {second}, by {difference}{interval}; corrected p {p}. Neither the choice "
    "of test texts nor the luck of training is likely to explain that.",
    "classifier_lead_decided_weights": "Its lead over {second}, {difference}{interval}, is significant for <strong>these "
    "weights, on texts like these</strong>; corrected p {p}. At least one of the two has one seed: another seed "
    "might reverse the order.",
    "classifier_lead_undecided": "Its lead over {second}, {difference}{interval}, is <strong>not significant</strong> on "
    "{documents} test texts; corrected p {p}.",
    "classifier_lead_undecided_weights": "Its lead over {second}, {difference}{interval}, is <strong>not significant</strong> "
    "on {documents} test texts, even for these weights alone; corrected p {p}.",
    "classifier_lead_untested": "Its lead over {second}, {difference}, cannot be tested on a single test text.",
    "test_size": "With {documents} test texts, an accuracy is known to ±{points} points (95 %).",
    "test_size_few": "<strong>Too few test texts to detect small differences: {documents}.</strong> An accuracy is known only to "
    "±{points} points (95 %), so classifiers that differ by less may be equally good.",
    "few_of_label": "Labels with few test texts, whose F1 is very uncertain: {labels}.",
    "no_baseline": "No baseline is among the models (the most frequent label, a bag of words), so these scores lack a reference.",
    "below_majority": "Not significantly better than always predicting the most frequent label ({baseline}): {models}.",
    "below_tfidf": "Not significantly better than a bag of words ({baseline}): {models}.",
    "invalid_replies": "Replies that are not a label, counted as wrong: {models}.",
    "classifiers_text": "<strong>Macro F1</strong> is the mean of the labels’ F1s, with the same weight for each label: always "
    "predicting the most frequent label can give a high accuracy, but gives a low macro F1. A reply that is not a label counts "
    "as wrong, and as a prediction of no label. All scores are means over seeds.",
    "classifiers_text_ordered": "For labels that are steps of a scale: <strong>polarity score</strong> (Rest-Mex) is the mean F1 "
    "of all labels of the scale; absolute error is the number of steps between true and predicted label; quadratic kappa is 1 "
    "for perfect agreement and 0 for chance. An invalid reply counts as the largest error that the scale allows.",
    "classifiers_text_calibration": "Calibration error is the gap between the predicted probabilities and the share of correct "
    "predictions (15 bins); 0 is best.",
    "classifiers_caption": "Classifiers on the test texts of {corpus}, by macro F1; the best of each column in bold.",
    "group_note": "Recipes that share a letter do not differ significantly. A model with one seed has no letter and "
    "beats none, unless its scores depend on no seed.",
    "classifiers_caption_only": "The classifier on the test texts of {corpus}.",
    "classifiers_note": "{documents} test texts, {labels} labels. 95 % intervals: bootstrap over test texts.",
    "f1_macro": "Macro F1",
    "f1_weighted": "Weighted F1",
    "accuracy": "Accuracy",
    "precision_macro": "Macro precision",
    "recall_macro": "Macro recall",
    "precision_weighted": "Weighted precision",
    "recall_weighted": "Weighted recall",
    "polarity_score": "Polarity score",
    "mean_absolute_error": "Absolute error, steps",
    "quadratic_kappa": "Quadratic kappa",
    "matthews_correlation": "Matthews correlation",
    "calibration_error": "Calibration error",
    "invalid": "Invalid",
    "group_letter": "Group",
    "beats": "Beats",
    "classifier_learning_text": "Macro F1 of the validation texts during training: one panel per model, the best on the test "
    "texts first, and one line per seed. The dot marks the weights that were kept. All panels of a corpus have the same scale of "
    "F1; the scale of epochs is each panel’s own. A line that still rises at its end may have been stopped too early; the "
    "distance between lines is the effect of the seed. Models without epochs (baselines, prompts) have no panel.",
    "classifier_pairs_text": "Difference in macro F1 between two models on the same test texts: row minus column in the "
    "figure, a minus b in the table; above zero the first is better. Macro F1 is no mean over texts, so a text counts by "
    "its jackknife value. Accuracies are compared in the same way; p of McNemar’s exact test stands beside them, takes the "
    "weights as they are, and decides nothing. Macro F1 and accuracy are two families of tests: each is corrected by Holm "
    "for the number of pairs of the corpus and significant below 0.05 (otherwise undecided). Where nothing differs, the "
    "chance that either of the two families decides a pair is up to 10 %.",
    "classifier_difference": "a − b, macro F1",
    "accuracy_difference": "a − b, accuracy",
    "only_one_right": "Only a correct / only b",
    "accuracy_p_corrected": "p corrected, accuracy",
    "mcnemar_p": "p of McNemar, these weights",
    "classifier_labels_text": "F1 of each label with its 95 % interval below; the column headings give the number of test texts "
    "with that label.",
    "classifier_labels_caption": "F1 by label on {corpus}",
    "precision_and_recall": "Precision and recall of every label",
    "confusion_tables": "Confusion matrices as tables",
    "confusion_caption": "{model} on {corpus}: texts by true label (rows) and predicted label (columns), mean over seeds",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "predicted_times": "Texts predicted",
    "classifier_cost_text": "Means over seeds. Minutes are those of training or, for a model that is only prompted, of "
    "predicting the test. Texts per second are those of predicting, from text to label. GPU time, GPU memory and energy cover "
    "training and predicting, where predicting was measured. Energy is given only where all of it is known. Requests and use of "
    "each run are listed under “{hardware}”.",
    "classifier_cost_caption": "Cost of the classifiers of {corpus}",
    "minutes": "Minutes",
    "gpu_minutes": "GPU-minutes",
    "texts_per_second": "Texts per second",
    "f1_per_gpu_minute": "Macro F1 per GPU-minute",
    "classifier_errors_text": "The test texts that each model got wrong with the most confidence, at most {count} per true "
    "label; texts that the corpus itself labels wrongly appear here too. Confidence is the probability of the wrong label. Texts "
    "are truncated after {words} words.",
    "classifier_errors_caption": "Most confident errors on {corpus}",
    "show_model": "Model:",
    "show_label": "True label:",
    "all": "all",
    "text": "Text",
    "true_label": "True label",
    "predicted_label": "Predicted label",
    "confidence": "Confidence",
    "wrong_in": "Wrong in",
    "wrong_of_seeds": "{wrong} of {seeds} seeds",
    "invalid_text": "Replies of chat models that are not a label, for at most {count} texts per model: all replies to the text, "
    "in order. Such a text counts as wrong, and as a prediction of no label.",
    "invalid_caption": "Replies that are not a label",
    "replied": "Replies",
    "no_errors": "No test text was misclassified.",
    "never_predicted": "Labels that {model} predicts for no test text: {labels}.",
    "classifier_reading": "Tokens of the classifiers",
    "classifier_reading_text": "How the models that learn tokens of their own read the texts. A token with a blank before it "
    "is the beginning of a word; ↵ is a line break. In the predictions, the darker a token, the more attention it gets in the "
    "last block (mean over heads and tokens); that is what the model reads, not why it decides. Hover over a token for its "
    "number.",
    "tokens_learnt": "{model} reads {vocabulary} tokens, padding and the 256 bytes among them, learnt from {texts} training "
    "texts.",
    "tokens_of_corpus": "{model} reads {vocabulary} tokens, the corpus’s words.",
    "tokens_caption": "Vocabulary of {model} on {corpus}: tokens by their number",
    "tokens_first": "First",
    "tokens_middle": "Middle",
    "tokens_last": "Last",
    "lengths_caption": "Lengths of the texts in tokens of {model}",
    "tokens_mean": "Mean",
    "tokens_cut": "Cut after {length}",
    "first_predictions": "First {count} predictions on the test, token by token (seed {seed})",
    "first_errors": "First {count} errors on the test, token by token (seed {seed})",
    "probability": "Probability",
    "tokens": "Tokens",
    "more_tokens": "… {count} more",
    "probes_text": "Texts that the user wrote in the configuration, each with its intended label and what every model predicts: "
    "the most frequent prediction over seeds, with its probability. They were chosen, not sampled: they show how models err, not "
    "how often.",
    "probes_caption": "Texts written by the user for {corpus}",
    "meant_label": "Intended label",
    "figure_f1": "Macro F1 of every classifier with its 95 % interval; the values are in the table below.",
    "classifier_courses_text": "Loss, accuracy on the validation texts, learning rate, and mean norm of the gradient before "
    "clipping: one row per model. The training loss is the one that was optimised (with dropout, and class weights if any). One "
    "line per seed: validation solid, training dashed; the dot marks the weights that were kept.",
    "figure_classifier_courses": "Loss, accuracy, learning rate and gradient norm of every classifier that was trained by "
    "epochs; the values are in history.csv of each run.",
    "figure_classifier_learning": "Macro F1 of the validation texts by epoch of every classifier that was trained by epochs; the "
    "values are in history.csv of each run.",
    "figure_classifier_pairs": "Grid of differences in macro F1 between classifiers; the values are in the table below.",
    "figure_confusion": "Confusion matrix of every classifier; the values are in the tables below.",
    "work_probes": "user’s texts",
}
