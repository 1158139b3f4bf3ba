"""Score the test text and sample with one recurrent language model."""
