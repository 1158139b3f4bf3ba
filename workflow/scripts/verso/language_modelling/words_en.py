"""What the page says of language models in English."""

from verso.language_modelling import prediction_words_en

FIGURE_LABELS: dict[str, str] = {
    **prediction_words_en.FIGURE_LABELS,
    "part": "part",
    "train": "training",
    "validation": "validation",
    "loss_char": "loss, nats per character",
    "loss_word": "loss, nats per word token",
    "loss_bpe": "loss, nats per BPE token",
    "loss_subword": "loss, nats per sub-word token",
    "unit_bpe": "BPE tokens",
    "unit_subword": "sub-words",
    "recited": "recited, share of 50 tokens",
    "unit_char": "characters",
    "unit_word": "words",
    "bits_per_byte": "bits per byte of the test texts (lower is better)",
    "control_line": "dot: mean of the samples ± one standard error; grey tick: held-out texts, truncated to at most that length",
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
    "function_words": "function words, share",
    "rhyme_density": "rhyme density, vowels per word",
    "longest_run_words": "longest verbatim run, words",
    "longest_run_characters": "longest verbatim run, characters",
    "containment_5": "5-grams found in training, share",
    "containment_8": "8-grams found in training, share",
}
WORDS: dict[str, str] = {
    **prediction_words_en.WORDS,
    **{f"measure_{name}": heading for name, heading in MEASURES.items()},
    "learning": "Learning curves",
    "memorisation": "Memorisation",
    "models": "Perplexity and bits per byte",
    "comparisons": "Pairwise comparisons of language models",
    "samples": "Samples",
    "measures": "Measures of the samples",
    "best": "<strong>{model}</strong> predicts the held-out text of <em>{corpus}</em> at the lowest cost: <strong>{value} "
    "bits per byte</strong>{interval}.",
    "only": "<strong>{model}</strong> predicts the held-out text of <em>{corpus}</em> with <strong>{value} bits per "
    "byte</strong>{interval}.",
    "margin_decided": "It beats the second, {second}, by {difference} bits per byte{interval}; corrected p {p}. Neither the "
    "choice of test documents nor the luck of training is likely to explain that.",
    "margin_decided_weights": "Its lead over {second}, {difference} bits per byte{interval}, is significant for <strong>these "
    "weights, on texts like these</strong>; corrected p {p}. At least one of the two has one seed: another seed "
    "might reverse the order.",
    "margin_undecided": "Its lead over {second}, {difference} bits per byte{interval}, is <strong>not significant</strong> on "
    "{documents} test documents; corrected p {p}.",
    "margin_undecided_weights": "Its lead over {second}, {difference} bits per byte{interval}, is <strong>not "
    "significant</strong> on {documents} test documents, even for these weights alone; corrected p {p}.",
    "margin_untested": "Its lead over {second}, {difference} bits per byte, cannot be tested on a single test document.",
    "perplexities": "Lowest perplexity: {models}. Perplexity is per token, so different units are not comparable.",
    "perplexity_only": "Perplexity: {models}.",
    "perplexity_char": "{model} with {value} per character{spelling}",
    "perplexity_word": "{model} with {value} per word token{spelling}",
    "perplexity_word_sized": "{model} with {value} per word token of {size}{spelling}",
    "perplexity_bpe_sized": "{model} with {value} per BPE token of {size}",
    "perplexity_subword": "{model} with {value} per sub-word token of {pretrained}{spelling}",
    "spelling": " with the spelling of unknown tokens ({without} without it)",
    "few_documents": "Only {documents} test documents: with so few the bootstrap makes the interval of a model too narrow, "
    "and a verdict may be unable to find a difference.",
    "one_document": "Only one test document: no interval and no test is possible.",
    "improving": "Best at the last epoch, so possibly undertrained: {models}. Longer training may change the order.",
    "state_carried": "A carried state knows the test documents before: recurrent models carry their hidden state from one to the "
    "next, and the window of a Transformer that learnt so holds the end of the one before.",
    "state_reset": "A model that is given no context reads each test document on its own.",
    "state_prompted": "A pretrained model reads each document on its own, after the prompt that requests it and, of a song, "
    "names its artist; the tokens of the prompt are not scored. A carried state knows the previous documents, a prompt does "
    "not: the tables give the cost of each model with and without its context.",
    "learning_text": "Loss by epoch, one line per seed: validation solid, training dashed (with dropout, and with label "
    "smoothing if the model has it, so it may lie above). The dot marks the weights that were kept; 0 is before training. Each "
    "unit has its own panel, because nats per character and nats per word are not comparable. For words, compare only lines of "
    "the same kind: unknown words are counted here without their spelling, and held-out text has more of them, which alone can "
    "put validation below training.",
    "memorisation_text": "Before tuning (0: the base model) and several times per epoch, a model is given the prompt and the "
    "first 50 tokens of a text and continues with its most probable tokens. The figure shows the share of the next 50 tokens "
    "that it reproduces before its first error. Where this share is higher for training texts (solid) than for held-out texts "
    "(dashed), the model has memorised. It may rise before the validation loss reaches its minimum, so keeping the weights of "
    "that minimum (dot) does not prevent memorisation.",
    "models_text": "<strong>Bits per byte</strong> is the cost of the same test bytes, whatever a model’s tokens are, so it "
    "compares all models of a corpus; lower is better. <strong>Perplexity</strong> is per token, so it compares only models of "
    "the same unit; the sub-words of two pretrained models are two units, and so are vocabularies of two sizes. The cost "
    "of an unknown word includes its spelling; “without spelling” omits it, which favours models with many unknown words.",
    "models_caption": "Language models on the held-out text of {corpus}. Best in bold; best perplexity within each unit.",
    "models_caption_only": "The language model on the held-out text of {corpus}.",
    "models_note": "{documents} test documents, {bytes} bytes. 95 % intervals: bootstrap over test documents.",
    "models_note_one": "One test document, {bytes} bytes.",
    "unit": "Unit",
    "unit_char": "character",
    "unit_word": "word",
    "unit_bpe": "BPE token",
    "unit_subword": "sub-word",
    "windows_caption": "How models with a window were scored on {corpus}: their context in the comparisons, the cost with and "
    "without it, and the size of the window",
    "window": "Window, tokens",
    "stride": "Stride, tokens",
    "test_texts_longer": "Test texts longer than the window",
    "train_texts_longer": "Training texts longer than the window",
    "tokens_not_learnt": "Training tokens left out",
    "windows_note": "The result depends on window and stride. A test text longer than the window is read in windows that begin "
    "one stride apart; each token is scored once, in the first window that contains it, and has less context there than in a "
    "larger window. The window includes the prompt, if there is one.",
    "perplexity": "Perplexity per token",
    "perplexity_without_spelling": "… without spelling",
    "bits_per_byte": "Bits per byte",
    "unknown": "Unknown tokens",
    "given": "Context",
    "given_carried": "previous texts",
    "given_reset": "none",
    "given_prompted": "prompt",
    "carried": "Bits per byte, state carried",
    "reset": "Bits per byte, no context",
    "prompted": "Bits per byte, with prompt",
    "nats_per_character": "Nats per character",
    "training_time": "Training time",
    "comparisons_text": "Difference in bits per byte between two models on the same documents: row minus column in the "
    "figure, a minus b in the table; below zero the first is better. p corrected: by Holm for the number of pairs of the "
    "corpus, significant below 0.05 (otherwise undecided).",
    "difference": "a − b, bits per byte",
    "samples_text": "Short excerpts of at most {lines} lines or {words} words; the full texts are in samples.jsonl of each run. "
    "They are the first samples of each group, not a selection. The prompt is in grey; the instruction given to a pretrained "
    "model stands above, the decoding settings below.",
    "asked": "Instruction: {instruction}",
    "more_samples": "{count} more by {model}",
    "no_samples": "No samples were requested.",
    "primed": "after reading {document}",
    "stopped_end": "ended by itself",
    "stopped_length": "cut at {tokens} tokens",
    "temperature": "temperature",
    "repetition_penalty": "repetition penalty",
    "measures_text": "The same measures for the samples and, as a reference, for held-out text that was not used for training. A "
    "run of words or an n-gram that also occurs in the training texts is memorisation only where it exceeds what held-out text "
    "shares with them.",
    "measures_caption": "Means over the samples of {corpus}; in grey the held-out text, truncated to at most the length of that "
    "model’s samples",
    "held_out": "held-out text",
    "work_sampling": "sampling",
    "work_measuring": "measures of predictions",
    "figure_learning": "Learning curves of every model by epoch; the values are in history.csv of each run.",
    "courses_text": "Perplexity per token of the validation part (unknown words without their spelling), the share of its "
    "tokens that a model predicts right where a family measures it, learning rate, and mean norm of the gradient before "
    "clipping. One line per seed; the dot marks the weights that were kept.",
    "figure_courses": "Validation perplexity, accuracy, learning rate and gradient norm of every model by epoch; the values are "
    "in history.csv of each run.",
    "figure_memorisation": "Validation loss and recited share of the tuned models by epoch; the values are in history.csv of "
    "each run.",
    "figure_bits": "Bits per byte of every model with its 95 % interval; the values are in the table below.",
    "figure_comparisons": "Grid of differences between models; the values are in the table below.",
    "figure_measures": "Measures of the samples of every model against held-out text; the values are in the table below.",
}
