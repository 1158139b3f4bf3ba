"""What the page says of language models in English."""

FIGURE_LABELS: dict[str, str] = {
    "epoch": "epoch",
    "part": "part",
    "train": "training",
    "validation": "validation",
    "loss_char": "loss, nats per character",
    "loss_word": "loss, nats per word token",
    "loss_subword": "loss, nats per sub-word token",
    "unit_subword": "sub-words",
    "recited": "recited, share of 50 tokens",
    "unit_char": "characters",
    "unit_word": "words",
    "bits_per_byte": "bits per byte of the test texts (lower is better)",
    "control_line": "dot: mean of the samples ± one standard error; grey tick: held-out texts, cut to at most that length",
}
# Measures of samples, by the columns of sample_measures.csv (verso.language_modelling.sample_measures)
MEASURES: dict[str, str] = {
    "words": "words",
    "characters": "characters",
    "lines": "lines of text",
    "words_per_line": "words per line",
    "distinct_1": "distinct words, share",
    "distinct_2": "distinct word pairs, share",
    "distinct_3": "distinct word triples, share",
    "repetition": "repeated 4-grams, share",
    "longest_loop_words": "longest loop, words",
    "section_tags": "section tags",
    "section_tag_validity": "valid section tags, share",
    "unknown_words": "words not in training, share",
    "rhyme_density": "rhyme density, vowels per word",
    "longest_run_words": "longest verbatim run, words",
    "longest_run_characters": "longest verbatim run, characters",
    "containment_5": "5-grams found in training, share",
    "containment_8": "8-grams found in training, share",
}
WORDS: dict[str, str] = {
    **{f"measure_{name}": heading for name, heading in MEASURES.items()},
    "learning": "Learning curves",
    "memorisation": "Learning by heart",
    "models": "Perplexity and bits per byte",
    "comparisons": "Which differences the test texts decide",
    "samples": "Samples",
    "measures": "The samples in numbers",
    "best": "<strong>{model}</strong> predicts the held-out text of <em>{corpus}</em> best: <strong>{value} bits per "
    "byte</strong>{interval}.",
    "only": "<strong>{model}</strong> predicts the held-out text of <em>{corpus}</em> with <strong>{value} bits per "
    "byte</strong>{interval}.",
    "margin_decided": "It beats the next, {second}, by {difference} bits per byte{interval}, corrected p {p}: more than "
    "the choice of test documents explains.",
    "margin_undecided": "Its lead over {second}, {difference} bits per byte{interval}, corrected p {p}, is <strong>not "
    "decided</strong> by {documents} test documents.",
    "margin_untested": "Its lead over {second}, {difference} bits per byte, cannot be tested on a single test document.",
    "perplexities": "Lowest perplexity: {models}. These are per token, so units are not comparable with each other.",
    "perplexity_only": "Perplexity: {models}.",
    "perplexity_char": "{model} with {value} per character{spelling}",
    "perplexity_word": "{model} with {value} per word token{spelling}",
    "perplexity_subword": "{model} with {value} per sub-word token of {pretrained}{spelling}",
    "spelling": " with the spelling of unknown tokens ({without} without it)",
    "few_documents": "Only {documents} test documents: resampling so few makes intervals narrower than they should be, and the "
    "test may be unable to decide anything (below 6 it always is).",
    "one_document": "One test document: it allows no interval and no test.",
    "improving": "Best at the last epoch, so perhaps not done learning: {models}. Longer training may change the order.",
    "state_carried": "Recurrent models carry their hidden state from one test document to the next.",
    "state_reset": "Where nothing is given, each test document is read alone.",
    "state_prompted": "A pretrained model reads each document alone, after the prompt that asks for it and names its artist; the "
    "prompt is not paid for. It knows nothing of the documents before, which a carried state does: both costs of "
    "each model stand in the tables.",
    "learning_text": "Loss by epoch, every seed a line of its own: validation solid, training dashed (with dropout, so "
    "it may lie above). "
    "The dot marks when the weights that were kept were reached; 0 is before training. "
    "Characters and words have a panel each: a nat per character and a "
    "nat per word cannot be compared. For words compare lines of one kind only: unknown words count here without their "
    "spelling, and held-out text has more of them, which alone can put validation below training.",
    "memorisation_text": "Several times an epoch, and before its tuning (0: the base), a model is given the beginning of a "
    "text, its prompt and 50 tokens, and goes on by its "
    "likeliest tokens: the share of the next 50 that it recites before its first error. Of training texts (solid) "
    "that is learning by heart where it lies above the same share of held-out texts (dashed). It may rise before the "
    "validation loss is at its lowest, so weights kept for it (dot) are no protection.",
    "models_text": "<strong>Bits per byte</strong> is the cost of the same test bytes, whatever a model's tokens are, so "
    "all models of a corpus may be compared by it; lower is better. "
    "<strong>Perplexity</strong> is per token, so it may be compared only between models of the same unit: the sub-words of two "
    "pretrained models are two units. "
    "Unknown words pay for their spelling; “without spelling” leaves that out and flatters a model with many unknown "
    "words.",
    "models_caption": "Language models on the held-out text of {corpus}. Best in bold; best perplexity within each unit.",
    "models_caption_only": "The language model on the held-out text of {corpus}.",
    "models_note": "{documents} test documents, {bytes} bytes. 95 % intervals: bootstrap over test documents.",
    "models_note_one": "One test document, {bytes} bytes.",
    "unit": "Unit",
    "unit_char": "character",
    "unit_word": "word",
    "unit_subword": "sub-word",
    "windows_caption": "How the pretrained models were scored on {corpus}: what was given where they are compared with others, "
    "the cost with and without it, and how much they see at once",
    "window": "Window, tokens",
    "stride": "Stride, tokens",
    "test_texts_longer": "Test texts longer than the window",
    "train_texts_longer": "Training texts longer than the window",
    "tokens_not_learnt": "Training tokens left out",
    "windows_note": "Window and stride decide the number. A longer test text is read in windows that begin a stride "
    "apart; each of its tokens is scored once, in the first window that holds it, and has less context there than in a "
    "larger window. A window holds the prompt too, where one is given.",
    "perplexity": "Perplexity per token",
    "perplexity_without_spelling": "… without spelling",
    "bits_per_byte": "Bits per byte",
    "unknown": "Unknown tokens",
    "given": "Given",
    "given_carried": "the texts before",
    "given_reset": "nothing",
    "given_prompted": "its prompt",
    "carried": "Bits per byte, state carried",
    "reset": "Bits per byte, nothing given",
    "prompted": "Bits per byte, prompt given",
    "nats_per_character": "Nats per character",
    "training_time": "Training time",
    "comparisons_text": "Difference in bits per byte of two models on the same documents: row minus column in the "
    "figure, a minus b in the table; below zero the first is better. Intervals: paired bootstrap over documents, not "
    "corrected for the number of pairs. p: sign-flip permutation test; p corrected: by Holm for the number of pairs of "
    "the corpus, decided below 0.05.",
    "difference": "a − b, bits per byte",
    "samples_text": "Short excerpts, at most {lines} lines or {words} words each; the whole texts are in samples.jsonl "
    "of each run. They are the first of each group, not picked. The prompt is in grey, what a pretrained "
    "model was asked stands above, and how it was decoded below.",
    "asked": "Asked: {instruction}",
    "more_samples": "{count} more by {model}",
    "no_samples": "No sample was asked for.",
    "primed": "after reading {document}",
    "stopped_end": "ended by itself",
    "stopped_length": "cut at {tokens} tokens",
    "temperature": "temperature",
    "repetition_penalty": "repetition penalty",
    "measures_text": "The same measures on the samples and on held-out text that no model saw, so that each has its "
    "yardstick. A run of words or an n-gram found in the training texts is memorisation only where it exceeds what "
    "held-out text shares with them.",
    "measures_caption": "Means over the samples of {corpus}; in grey the held-out text, cut to at most the length of "
    "that model’s samples",
    "held_out": "held-out text",
    "work_sampling": "sampling",
    "figure_learning": "Learning curves of every model by epoch; the figures behind them are in history.csv of each run.",
    "figure_memorisation": "Validation loss and recited share of the tuned models by epoch; the figures behind "
    "them are in history.csv.",
    "figure_bits": "Bits per byte of every model with its 95 % interval; the values are in the table below.",
    "figure_comparisons": "Grid of differences between models; the values are in the table below.",
    "figure_measures": "Measures of the samples of every model against held-out text; the values are in the table below.",
}
