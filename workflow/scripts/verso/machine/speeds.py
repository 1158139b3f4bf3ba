"""Constants of PyTorch's memory use and speed, for the estimates of the model families.

Measured on one core of an AMD EPYC with PyTorch 2.13 unless noted otherwise.
"""

IMPORTED_TORCH_MB = 500  # of main memory: 350 to 380 measured in the smallest trainings, and a reserve
CUDA_IN_RAM_MB = 1500  # of main memory, where a card is used: a guess until a run has been measured
CUDA_CONTEXT_MB = 600  # of the card, before the first tensor
BYTES_PER_WEIGHT = 24  # value, gradient and Adam's two moments, the best so far, a checkpoint being written: 4 bytes each
NUMBERS_PER_STATE = {"rnn": 4, "gru": 12, "lstm": 11}  # kept for backward, for each token, layer and unit of the state
WORKING_MARGIN = 1.25  # on a CPU: long trainings fragment the heap by a tenth to a sixth
WORKING_MARGIN_CARD = 2.0  # not measured
FLOPS = 76e9  # a second, of one thread, in the matrix products of 64 rows
SECONDS_PER_STEP_OF_LAYER = {"rnn": 200e-6, "gru": 300e-6, "lstm": 25e-6}  # for each time step; the LSTM's is one fused kernel
SECONDS_PER_WEIGHT = 4e-9  # clipping and Adam, once a batch
THREADS_GAIN = 0.6  # exponent: 2 threads are 1.5 times as fast as one, 4 are 2.3 times
CARD_GAIN = 20  # times one thread: a guess until a run has been measured
