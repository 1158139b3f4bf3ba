"""The page's texts in English."""

ENGLISH: dict[str, str] = {
    "other_language": "Español",
    "switch_theme": "Light / dark",
    "contents": "Contents",
    "skip": "Skip to the report",
    "made_by": "Made by Verso {version} on {date}",
    "demo_banner": "Laptop demo: miniature models and a toy corpus; these numbers say nothing about real texts.",
    "miniature_banner": "Some models are miniatures (the same architecture, tiny): their numbers say nothing about the "
    "real ones.",
    "miniature": "miniature",
    "demo": "demo",
    "summary": "In short",
    "experiments": "What was run",
    "corpora": "The texts",
    "learning": "Learning curves",
    "pretrained": "Pretrained models",
    "memorisation": "Learning by heart",
    "models": "Perplexity and bits per byte",
    "comparisons": "Which differences the test texts decide",
    "samples": "Samples",
    "measures": "The samples in numbers",
    "hardware": "Time, memory, energy",
    "provenance": "Versions and fingerprints",
    # summary
    "best": "<strong>{model}</strong> predicts the held-out text of <em>{corpus}</em> best: <strong>{value} bits per "
    "byte</strong>{interval}.",
    "only": "<strong>{model}</strong> predicts the held-out text of <em>{corpus}</em> with <strong>{value} bits per "
    "byte</strong>{interval}.",
    "interval": " (95 % interval {low} to {high})",
    "margin_decided": "It beats the next, {second}, by {difference} bits per byte{interval}, corrected p {p}: more than "
    "the choice of test documents explains.",
    "margin_undecided": "Its lead over {second}, {difference} bits per byte{interval}, corrected p {p}, is <strong>not "
    "decided</strong> by {documents} test documents.",
    "margin_untested": "Its lead over {second}, {difference} bits per byte, cannot be tested on a single test document.",
    "caution_seed_noise": "<strong>But it is within seed noise</strong> (standard error over seeds {noise}): other "
    "seeds might turn the order round.",
    "caution_one_seed": "<strong>But one seed does not show the luck of training</strong>: other seeds might turn the "
    "order round.",
    "perplexities": "Lowest perplexity: {models}. These are per token, so units are not comparable with each other.",
    "perplexity_only": "Perplexity: {models}.",
    "perplexity_char": "{model} with {value} per character{spelling}",
    "perplexity_word": "{model} with {value} per word token{spelling}",
    "perplexity_subword": "{model} with {value} per sub-word token of {pretrained}{spelling}",
    "spelling": " with the spelling of unknown tokens ({without} without it)",
    "tied": "Not told apart from the best: {models}.",
    "all_pairs": "The test texts tell {decided} of {pairs} pairs of models apart.",
    "cautious_pairs": "Of these, perhaps by the luck of training: {count} (within seed noise, or one seed only).",
    "one_seed": "One seed: the luck of training is unknown.",
    "some_one_seed": "Where there is one seed, the luck of training is unknown.",
    "some_seeds": "Models have {low} to {high} seeds.",
    "seeds": "{seeds} seeds, averaged; the tables give the spread over them.",
    "interval_scope": "The intervals cover the choice of test documents, not the luck of training.",
    "few_documents": "Only {documents} test documents: resampling so few makes intervals narrower than they should be, and the "
    "test may be unable to decide anything (below 6 it always is).",
    "one_document": "One test document: it allows no interval and no test.",
    "improving": "Best at the last epoch, so perhaps not done learning: {models}. Longer training may change the order.",
    "state_carried": "Recurrent models carry their hidden state from one test document to the next.",
    "state_reset": "Where nothing is given, each test document is read alone.",
    "state_prompted": "A pretrained model reads each document alone, after the prompt that asks for it and names its artist; the "
    "prompt is not paid for. It knows nothing of the documents before, which a carried state does: both costs of "
    "each model stand in the tables.",
    # what was run
    "experiments_text": "An experiment is a corpus, the models tried on it and their seeds. A run that belongs to two "
    "experiments was made once.",
    "experiment": "Experiment",
    "corpus": "Corpus",
    "model": "Model",
    "model_plural": "Models",
    "seed": "Seed",
    "seed_plural": "Seeds",
    "settings": "Settings of each model",
    "setting": "Setting",
    # corpora
    "corpora_text": "Every document is in one part only; near-duplicates (the same text with few changes) stay "
    "together, so none straddles a split.",
    "corpora_text_manual": "One text, cut in three by position: training, then validation, then test.",
    "part": "Part",
    "train": "training",
    "validation": "validation",
    "test": "test",
    "documents": "Documents",
    "groups": "Groups",
    "words": "Words",
    "characters": "Characters",
    "bytes": "Bytes",
    "group": "Artist or label",
    "total": "total",
    "median_words": "Words of the median document",
    "most_words": "… of the longest",
    "parts_caption": "Parts of the corpus (kind: {kind}; split: {method})",
    "exact_duplicates": "Exact duplicates set aside: {count}.",
    "near_duplicates": "Near-duplicates: {documents} documents (clusters of them: {clusters}), each cluster in one part.",
    "groups_only_in_train": "Too small to split, so only in training: {groups}.",
    "by_group": "By artist or label ({count})",
    "section_tags": "Most frequent section tags:",
    "set_aside_none": "No row of the source was set aside.",
    "set_aside_some": "Rows of the source set aside: {count}, listed in set_aside.jsonl of the corpus’s folder. Reasons:",
    # pretrained models
    "pretrained_text": "What the pretrained models start from, as the manifest of each says; its files are pinned by the "
    "commit and checked by their checksums. Pretrained models of a hub have read texts that nobody lists, perhaps these test "
    "texts among them. Dates and downloads are those of the model’s page on the day when it was looked up, downloads of the 30 "
    "days before; a model that was not fetched from there, or is made here, has none.",
    "pretrained_caption": "Each pretrained model, and the models that start from it",
    "name": "Name",
    "repository": "Repository",
    "model_commit": "Commit",
    "licence": "Licence",
    "architecture": "Architecture",
    "used_by": "Used by",
    "made_here": "miniature, made here",
    "licence_on_hub": "the hub says: {licence}",
    "created": "Created",
    "last_change": "Last change",
    "downloads": "Downloads in 30 days",
    "looked_up": "Looked up",
    # curves, tables
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
    "learnt": "{count} learnt",
    "parameters": "Parameters",
    "perplexity": "Perplexity per token",
    "perplexity_without_spelling": "… without spelling",
    "bits_per_byte": "Bits per byte",
    "interval_heading": "95 % interval",
    "seed_deviation": "Standard deviation over seeds",
    "unknown": "Unknown tokens",
    "given": "Given",
    "given_carried": "the texts before",
    "given_reset": "nothing",
    "given_prompted": "its prompt",
    "carried": "Bits per byte, state carried",
    "reset": "Bits per byte, nothing given",
    "prompted": "Bits per byte, prompt given",
    "nats_per_character": "Nats per character",
    "epochs": "Epochs (best)",
    "training_time": "Training time",
    "comparisons_text": "Difference in bits per byte of two models on the same documents: row minus column in the "
    "figure, a minus b in the table; below zero the first is better. Intervals: paired bootstrap over documents, not "
    "corrected for the number of pairs. p: sign-flip permutation test; p corrected: by Holm for the number of pairs of "
    "the corpus, decided below 0.05.",
    "comparisons_scope": "p and interval are about these trained models, their seeds averaged, on other texts of this "
    "kind; they say nothing about training again with other seeds. For that, <strong>seed noise</strong> is the "
    "standard error of the difference over seeds: a difference is flagged where it is below that error times Student's t "
    "(95 %, 4.3 for two seeds each): another training might turn it round.",
    "comparisons_caption": "All pairs of models on {corpus}",
    "model_a": "a",
    "model_b": "b",
    "difference": "a − b, bits per byte",
    "p": "p",
    "p_corrected": "p corrected",
    "verdict": "Verdict",
    "verdict_undecided": "undecided",
    "verdict_better": "{model} better",
    "seed_noise": "Seed noise",
    "flag_seed_noise": "but within seed noise",
    "flag_one_seed": "one seed: training luck unknown",
    "no_pairs": "There is only one model: nothing to compare.",
    # samples
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
    "texts": "Texts",
    "held_out": "held-out text",
    # hardware, provenance
    "hardware_text": "Measured while training, and while a pretrained model was scored and sampled (small models do that in "
    "moments, and are not measured), beside what the job had asked for: the bar is the share that was used. On a "
    "cluster Snakemake itself takes up to 400 MB of the memory asked. A time above what was asked is that of several attempts "
    "together. VRAM is what was reserved, the driver’s own part not counted. Energy is that of the whole card, or of the "
    "processors of the whole machine, where there is a counter. Runs may have shared the machine with others, so times and "
    "tokens per second can differ between seeds of one model for that reason alone.",
    "hardware_caption": "What each run used, and the share of what it had asked for",
    "work": "Work",
    "work_training": "training",
    "work_scoring": "scoring",
    "work_sampling": "sampling",
    "work_probes": "texts by hand",
    "of_asked": "{share} of {asked}",
    "in_all": "in all",
    "gpu_hours": "GPU-hours",
    "cpu_hours": "CPU-hours",
    "totals": "In all: {gpu} GPU-hours, {cpu} CPU-hours, energy {energy}; runs: {runs}.",
    "totals_no_energy": "In all: {gpu} GPU-hours, {cpu} CPU-hours; runs: {runs}. No energy counter could be read, so the "
    "energy is unknown.",
    "totals_some_energy": "Jobs without an energy counter: {count} of {jobs}. The energy is that of the others alone.",
    "totals_shares": "Used at the peak of the memory asked: {memory}; of the time asked: {time}.",
    "totals_vram": "Of the cards’ memory asked: {vram}.",
    "totals_unrecorded": "Jobs from before requests were recorded: {count}. Their GPU-hours and requests are missing here.",
    "totals_miniatures": "Miniatures among these runs: {count}. What they used says nothing about the real models.",
    "device": "Device",
    "dtype": "Type",
    "threads": "Threads",
    "wall": "Time",
    "ram": "Peak RAM",
    "vram": "Peak VRAM",
    "tokens_per_second": "Tokens per second",
    "energy": "Energy",
    "provenance_text": "A fingerprint stands for the code that trained a run, comments and layout apart: with the same "
    "settings, data and versions it gives the same run.",
    "config": "Configuration",
    "commit": "Git commit",
    "commit_none": "not under git",
    "run": "Runs",
    "all_runs": "the same for all runs ({count})",
    "fingerprint": "Fingerprint",
    "figure_learning": "Learning curves of every model by epoch; the figures behind them are in history.csv of each run.",
    "figure_memorisation": "Validation loss and recited share of the tuned models by epoch; the figures behind "
    "them are in history.csv.",
    "figure_bits": "Bits per byte of every model with its 95 % interval; the values are in the table below.",
    "figure_comparisons": "Grid of differences between models; the values are in the table below.",
    "figure_measures": "Measures of the samples of every model against held-out text; the values are in the table below.",
}
