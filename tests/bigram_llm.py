"""A chat model whose next token follows from the last one alone, by probabilities that a test sets."""

import torch
from transformers import MistralConfig, MistralForCausalLM


def bigram_model(tokenizer, following):
    """Mistral without layers that do anything: of each token in `following` the probabilities of the next, {token: probability}.

    After any other token the text ends. Names are tokens' ids.
    """
    size = len(tokenizer)
    config = MistralConfig(
        vocab_size=size, hidden_size=size, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, num_key_value_heads=1,
        head_dim=8, max_position_embeddings=4096, sliding_window=None, tie_word_embeddings=False, rms_norm_eps=0.0,
    )  # fmt: skip
    model = MistralForCausalLM(config).eval()
    table = torch.full((size, size), -1e4)
    table[:, tokenizer.eos_token_id] = 0.0
    for token, chances in following.items():
        table[token, tokenizer.eos_token_id] = -1e4
        for following_token, chance in chances.items():
            table[token, following_token] = torch.tensor(chance).log()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "o_proj" in name or "down_proj" in name:
                parameter.zero_()
            if "norm" in name:
                parameter.fill_(1.0)
        model.model.embed_tokens.weight.copy_(torch.eye(size))
        model.lm_head.weight.copy_(table.T / size**0.5)  # the norm makes √size of the one that is hot
    return model
