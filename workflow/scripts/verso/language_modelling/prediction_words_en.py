"""What the page says of the measured predictions of language models in English."""

FIGURE_LABELS: dict[str, str] = {
    "gap": "gap, nats per token",
    "total_variation": "bias, total variation",
    "divergence": "bias, KL divergence in nats",
    "bleu_1": "BLEU-1 of drawn continuations",
    "bleu_2": "BLEU-2 of drawn continuations",
    "bleu_3": "BLEU-3 of drawn continuations",
    "bleu_4": "BLEU-4 of drawn continuations",
    "floor_line": "bar: the model, mean over seeds; grey tick: by chance (bias), and words drawn by frequency (BLEU)",
    "too_much": "predicted too often",
    "too_little": "predicted too seldom",
    "percentage_points": "percentage points",
    "milliseconds": "milliseconds",
    "time_of_token": "time of a token",
    "time_of_sequence": "time of a sequence",
    "box_line": "white line: median; box: half of the times; whisker: 5 to 95 %",
}

WORDS: dict[str, str] = {
    "predictions": "Measures of the predictions",
    "predictions_text": "How the models predict, measured after training, without dropout, on the same documents of each "
    "part (at most {characters} characters, evenly spaced; each document read on its own). The <strong>loss</strong> is the "
    "mean cost of a token in nats, never smoothed, and includes the spelling of unknown words; perplexity is its "
    "exponential. Losses per token of different units are not comparable. The <strong>gap</strong> is the validation "
    "loss minus the training loss; one within two of its standard errors may be chance. "
    "The ratio of the two losses, as some reports print "
    "it, has no scale: it grows without bound as the training loss approaches 0.",
    "predictions_caption": "Loss and perplexity of the models of {corpus} in each part, and the gap between training and "
    "validation",
    "predictions_note": "Measured: {documents}. Means over seeds; ± standard deviation over seeds. The training loss that "
    "was optimised is that of the epoch whose weights were kept, with dropout.",
    "predictions_pretrained": "Pretrained ({models}): measured on the tokens of its own tokenizer, after the text’s prompt where "
    "its scores are compared so; the prompt itself is not predicted. The texts of its pretraining are unknown and may include "
    "all three parts.",
    "predictions_untuned": "{models} learnt nothing from the training part: the gap is the difference between two texts and "
    "shows no overfitting.",
    "part_documents": "{part} {measured} of {all} documents",
    "of_train": "training",
    "of_validation": "validation",
    "of_test": "test",
    "part_loss": "Loss, {part}",
    "part_accuracy": "Accuracy, {part}",
    "part_perplexity": "Perplexity, {part}",
    "part_unknown": "Unknown, {part}",
    "gap_heading": "Gap, nats",
    "gap_error": "… standard error over documents",
    "gap_without_spelling": "… without spelling",
    "ratio": "Ratio, without spelling",
    "optimised": "Training loss that was optimised",
    "smoothed_note": "{model} was trained with label smoothing {smoothing}: the loss that was optimised cannot fall below "
    "{least} nats over {vocabulary} tokens, however good the model is. Smoothed, its test loss is {loss} nats.",
    "accuracy_text": "<strong>Token accuracy</strong> is the share of tokens whose most probable prediction is right; there "
    "is no padding among them, and an unknown token counts as wrong, because a guess of “unknown” names no token. "
    "The last column is the accuracy on the test text of always predicting the commonest token of training. Accuracies "
    "of different units are not comparable.",
    "accuracy_caption": "Token accuracy and unknown tokens of the models of {corpus}",
    "commonest": "Commonest token alone",
    "bias_text": "<strong>Bias</strong> compares the mean predicted probability of every token with its share of the test "
    "text: by total variation (0: the same shares, 1: none in common), and by Kullback-Leibler divergence. A perfect model "
    "does not get 0 on a finite text; “by chance” is what texts give that are drawn from the model’s own predictions (mean, "
    "and 95 % of them are below the value in brackets). Only what exceeds it is bias.",
    "bias_caption": "Predicted against true frequencies of tokens in the test text of {corpus}",
    "tv": "Total variation",
    "kl": "KL divergence, nats",
    "by_chance": "by chance",
    "bleu_text": "<strong>BLEU</strong> of continuations: each model is given {prompt} words of a test text and continues "
    "it; its next {words} words are compared with those of the text, over the whole corpus, from 0 to 100. BLEU-n counts "
    "all n-grams up to n. One text can be continued in many ways, so the number says little unless it lies clearly above "
    "the floors: the continuation of another passage, and words drawn by their frequency. The words of the true "
    "continuation in random order show what the right words alone are worth. No interval is given: "
    "small differences decide nothing.",
    "bleu_caption": "BLEU of continuations of {count} test passages of {corpus}",
    "bleu_note": "sacrebleu, {signature}; no smoothing, no effective order.",
    "bleu_pretrained": "Pretrained models ({models}) continue the words alone, without a request, as in their pretraining.",
    "no_passages": "No test text of {corpus} is long enough for a passage to be continued.",
    "continuation": "Continuation",
    "what_greedy": "most probable tokens",
    "what_drawn": "drawn from the model",
    "what_exchanged": "of another passage",
    "what_shuffled": "true words in random order",
    "what_unigram": "words by frequency",
    "brevity": "Brevity penalty",
    "latency_text": "<strong>Latency</strong>: time to read one more token and find the next, and to read a whole sequence, "
    "each measured many times after a warm-up, one text at a time, on the processor (a pretrained model: on the device of its "
    "job). It depends on the machine and on what else runs; times of two devices are not comparable.",
    "latency_caption": "Latency and memory of the models of {corpus}",
    "latency_note": "Of {times} times a token and {sequences} a sequence, after {warm} and {warm_sequences} that do not "
    "count. Peak memory is that of the whole process, which also holds the program and the texts.",
    "cache": "Kept of the text before",
    "cache_keys and values": "keys and values",
    "cache_recurrent state": "its state",
    "token_median": "Token, median, ms",
    "sequence_median": "Sequence, median, ms",
    "high_time": "95 % below, ms",
    "sequence_tokens": "Tokens of the sequence",
    "weights_memory": "Weights, MB",
    "peak_memory": "Peak memory",
    "figure_predictions": "Generalisation gap, bias and BLEU of every model; the values are in the tables below.",
    "figure_token_bias": "The tokens that each model predicts too often and too seldom; all are in token_frequencies.csv of "
    "each run.",
    "figure_latency": "Latency of every model; the values are in the table below.",
}
