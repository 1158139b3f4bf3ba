"""What the page says of classifiers in English."""

FIGURE_LABELS: dict[str, str] = {
    "f1_macro": "macro F1 of the test texts (higher is better)",
    "f1_line": "whisker: 95 % interval; grey tick: one seed; models on one bar are not told apart",
    "curves_line": "macro F1 of the validation texts by epoch, a line a seed; dot: the weights kept; dotted: the highest dot",
    "groups": "not told apart",
    "true_label": "true label",
    "predicted_label": "predicted label",
    "invalid": "invalid",
    "confusion_line": "texts, over seeds on average; the deeper, the larger the share of the true label's texts",
}
WORDS: dict[str, str] = {
    "classifiers": "Classifiers",
    "classifier_learning": "How the classifiers learnt",
    "classifier_pairs": "Which classifiers the test texts tell apart",
    "classifier_labels": "Label by label",
    "classifier_cost": "What a classifier costs",
    "classifier_errors": "Confidently wrong",
    "probes": "Texts written by hand",
    "classifier_best": "<strong>{model}</strong> tells the labels of <em>{corpus}</em> best: <strong>macro F1 "
    "{value}</strong>{interval}, accuracy {accuracy}.",
    "classifier_only": "<strong>{model}</strong> tells the labels of <em>{corpus}</em> with <strong>macro F1 "
    "{value}</strong>{interval}, accuracy {accuracy}.",
    "classifier_lead_decided": "It beats the next, {second}, by {difference}{interval}, corrected p {p}: more than the "
    "choice of test texts explains.",
    "classifier_lead_undecided": "Its lead over {second}, {difference}{interval}, corrected p {p}, is <strong>not "
    "decided</strong> by {documents} test texts.",
    "classifier_lead_untested": "Its lead over {second}, {difference}, cannot be tested on a single test text.",
    "test_size": "{documents} test texts: an accuracy is known to ±{points} points.",
    "test_size_few": "<strong>Too few to tell small differences: {documents} test texts.</strong> An accuracy is known "
    "only to ±{points} points, so classifiers that lie closer than that may well be equally good.",
    "few_of_label": "Labels with few test texts, whose F1 is hardly known: {labels}.",
    "no_baseline": "Neither the commonest label alone nor a bag of words is among the models: how much these scores are "
    "worth is not known.",
    "below_majority": "Not shown to be better than the commonest label alone ({baseline}): {models}.",
    "below_tfidf": "Not shown to be better than a bag of words ({baseline}): {models}.",
    "below_baseline": "Not shown to be better than the baseline {baseline}: {models}.",
    "invalid_replies": "Replies that are no label, counted as wrong: {models}.",
    "classifiers_text": "<strong>Macro F1</strong> is the mean of the labels’ F1s, each label the same: who always says "
    "the commonest label is often right and scores little. A reply that is no label is wrong, and of no label. All scores "
    "are means over seeds.",
    "classifiers_text_ordered": "Where labels are steps of a scale: <strong>polarity score</strong> (Rest-Mex) is the mean "
    "F1 of all its labels; absolute error counts the steps between true and predicted; quadratic kappa is 1 for perfect, 0 "
    "for chance. An invalid reply is as far off as the scale allows.",
    "classifiers_text_calibration": "Calibration error is how far the predicted probabilities are from how often they are "
    "right (15 bins); 0 is best.",
    "classifiers_caption": "Classifiers on the test texts of {corpus}, the best first; the best of a column in bold. "
    "Models that share a letter are not told apart.",
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
    "classifier_learning_text": "Macro F1 of the validation texts while training, a panel a model, the best on the test texts "
    "first, and in it a line for each seed. The dot is where the weights that were kept were reached. All panels of a corpus "
    "have the same scale of F1, each its own of epochs. A line that still rises at its end may have been stopped too early; "
    "lines that lie far apart are the luck of the seed. Models without epochs (baselines, prompts) have no panel.",
    "classifier_pairs_text": "Difference in macro F1 of two models on the same test texts: row minus column in the figure, "
    "a minus b in the table; above zero the first is better. Intervals and p: paired bootstrap over test texts, 10,000 "
    "draws. Accuracies: McNemar’s exact test; with several seeds a text counts by how many of them had it right. Each test "
    "is corrected by Holm for the number of pairs of the corpus, decided below 0.05; intervals are not corrected.",
    "classifier_difference": "a − b, macro F1",
    "accuracy_difference": "a − b, accuracy",
    "only_one_right": "Only a right / only b",
    "accuracy_p_corrected": "p corrected, accuracy",
    "classifier_labels_text": "F1 of every label, its 95 % interval below it; in the head how many test texts have the label.",
    "classifier_labels_caption": "F1 by label on {corpus}",
    "precision_and_recall": "Precision and recall of every label",
    "confusion_tables": "Confusion matrices as tables",
    "confusion_caption": "{model} on {corpus}: texts by true label (rows) and predicted label (columns), over seeds on average",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "predicted_times": "Predicted, texts",
    "classifier_cost_text": "Over seeds on average. Minutes are those of the training, or of a model that is only asked, those "
    "of telling the test’s labels; texts per second are of the latter, from text to label. Time and memory of cards, and energy, "
    "count both where the scoring was measured. Energy is there where all of it is known. What each run asked for and used "
    "stands under “{hardware}”.",
    "classifier_cost_caption": "What the classifiers of {corpus} cost",
    "minutes": "Minutes",
    "gpu_minutes": "GPU-minutes",
    "texts_per_second": "Texts per second",
    "f1_per_gpu_minute": "Macro F1 per GPU-minute",
    "classifier_errors_text": "The test texts that each model got most confidently wrong, at most {count} of each true "
    "label; what the corpus itself labels wrongly shows here too. Confidence is the probability of the wrong label. Texts "
    "are cut after {words} words.",
    "classifier_errors_caption": "Most confidently wrong on {corpus}",
    "show_model": "Model:",
    "show_label": "True label:",
    "all": "all",
    "text": "Text",
    "true_label": "True label",
    "predicted_label": "Predicted label",
    "confidence": "Confidence",
    "wrong_in": "Wrong in",
    "wrong_of_seeds": "{wrong} of {seeds} seeds",
    "invalid_text": "Replies of chat models that are no label, for at most {count} texts of each model: all that was replied to "
    "the text, in turn. Such a text counts as wrong, and of no label.",
    "invalid_caption": "Replies that are no label",
    "replied": "Replied",
    "no_errors": "No test text was told wrong.",
    "probes_text": "Texts of the configuration that the user wrote, each with the label that was meant, told by every "
    "model: the commonest reply over seeds and the probability it was given. They were chosen, not drawn: they show how "
    "models err, not how often.",
    "probes_caption": "Texts written for {corpus}",
    "meant_label": "Meant",
    "figure_f1": "Macro F1 of every classifier with its 95 % interval; the values are in the table below.",
    "figure_classifier_learning": "Macro F1 of the validation texts by epoch of every "
    "classifier that was trained by epochs; the figures behind it are in history.csv of each run.",
    "figure_classifier_pairs": "Grid of differences in macro F1 between classifiers; the values are in the table below.",
    "figure_confusion": "Confusion matrix of every classifier; the values are in the tables below.",
    "work_probes": "texts by hand",
}
