"""Chat models of the families that people use, made small: tokenizers trained here by each family's own rules, and their
templates as published but for tools and pictures.

A tokenizer of SentencePiece's kind (Llama 2, Mistral, Phi-3.5, Gemma) writes a blank as "▁" and, but for Gemma's, begins each
text with one; one of GPT-2's kind (SmolLM2) works on bytes; one of tiktoken's (Llama 3, Qwen) too, and takes line breaks
together.
"""

import json
from dataclasses import dataclass, field
from functools import cache

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors, trainers
from tokenizers.models import BPE

TEXTS = [
    "the tide comes in without a word\nwe walk along the shore and count the boats\n",
    "la marea sube despacio\n   y nadie la espera\n\n   el niño cuenta barcos desde el muelle\n",
    "system user assistant model You are a helpful assistant. Write a song. Today Date: 26 Jul 2024\n\n",
    "< > [ ] / | _ s e I N S T u n k <s> </s> [INST] [/INST] <unk>\n",  # real vocabularies have all letters
] * 4
CHATML = (
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
LLAMA_2 = (
    "{% for message in messages %}{% if message['role'] == 'user' %}"
    "{{ bos_token + '[INST] ' + message['content'].strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' '  + message['content'].strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + '[/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}"
)
LLAMA_3 = """\
{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Cutting Knowledge Date: December 2023\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
QWEN_3 = """\
{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or reasoning_content) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' }}
            {{- content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""
GEMMA_2 = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}"
    "{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}"
)
GEMMA_3 = """\
{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- set first_user_prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\\n'}}
{%- endif -%}
"""
PHI = (
    "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}"
    "{{'<|system|>\\n' + message['content'] + '<|end|>\\n'}}{% elif message['role'] == 'user' %}"
    "{{'<|user|>\\n' + message['content'] + '<|end|>\\n'}}{% elif message['role'] == 'assistant' %}"
    "{{'<|assistant|>\\n' + message['content'] + '<|end|>\\n'}}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}"
)
ZEPHYR = (
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"
)


def with_system(words):
    """ChatML that opens with a system's turn of its own."""
    turn = f"'<|im_start|>system\\n{words}<|im_end|>\\n'"
    return (
        f"{{% for message in messages %}}{{% if loop.first and message['role'] != 'system' %}}{{{{ {turn} }}}}{{% endif %}}"
        + CHATML
    )


QWEN, SMOL = (
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
)
USER = "<|im_start|>user\n{request}<|im_end|>\n<|im_start|>assistant\n"


@dataclass(frozen=True)
class ChatFamily:
    """prompt, completion: what stands before and behind the border between them, by hand. start: what begins a text alone.

    roles: of control tokens, as transformers names them. controls: further ones. plain: added tokens that are not marked as
    controls. ends: what its generation_config.json lists, by name.
    """

    kind: str
    template: str
    prompt: str
    completion: str
    start: str
    roles: dict
    controls: list = field(default_factory=list)
    plain: list = field(default_factory=list)
    ends: list = field(default_factory=list)
    architecture: str = "llama"
    tokenizer_class: str = "LlamaTokenizer"  # as tokenizer_config.json names it
    strips: bool = False  # its control tokens swallow the white space behind them

    @property
    def end(self):
        return self.completion.partition("{text}")[2].strip()


LLAMA_ROLES = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
IM = ["<|im_start|>", "<|im_end|>"]
TURNS = ["<start_of_turn>", "<end_of_turn>"]
GEMMA_ROLES = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>", "unk_token": "<unk>"}
GEMMA = {
    "prompt": "<bos><start_of_turn>user\n{request}<end_of_turn>\n<start_of_turn>model\n",
    "completion": "{text}<end_of_turn>",
    "start": "<bos>",
    "roles": GEMMA_ROLES,
    "controls": TURNS,
    "plain": ["\n\n", "▁▁"],
    "tokenizer_class": "GemmaTokenizer",
    "ends": ["<eos>", "<end_of_turn>"],
}
QWEN_TOKENS = {
    "roles": {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
    "controls": ["<|im_start|>"],
    "start": "<|endoftext|>",
}
FAMILIES = {
    "llama-2": ChatFamily(
        "sentencepiece", LLAMA_2, "<s>[INST] {request} [/INST]", " {text} </s>", "<s>", LLAMA_ROLES, ends=["</s>"]
    ),
    "llama-3": ChatFamily(
        "tiktoken", LLAMA_3,
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
        "Today Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{request}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "{text}<|eot_id|>", "<|begin_of_text|>", {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
        ["<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>"],
        ends=["<|end_of_text|>", "<|eom_id|>", "<|eot_id|>"], tokenizer_class="PreTrainedTokenizerFast",
    ),
    "mistral-0.1": ChatFamily(
        "sentencepiece", MISTRAL, "<s>[INST] {request}[/INST]", " {text}</s>", "<s>", LLAMA_ROLES, architecture="mistral"
    ),
    "mistral-0.3": ChatFamily(
        "sentencepiece", MISTRAL, "<s>[INST] {request}[/INST]", " {text}</s>", "<s>", LLAMA_ROLES, ["[INST]", "[/INST]"],
        ends=["</s>"], architecture="mistral",
    ),
    "qwen2.5": ChatFamily(
        "tiktoken", with_system(QWEN), f"<|im_start|>system\n{QWEN}<|im_end|>\n{USER}", "{text}<|im_end|>", **QWEN_TOKENS,
        architecture="qwen2",
    ),
    "qwen3": ChatFamily(
        "tiktoken", QWEN_3, USER + "<think>\n\n</think>\n\n", "{text}<|im_end|>", **QWEN_TOKENS, plain=["<think>", "</think>"],
        architecture="qwen3",
    ),
    "gemma-2": ChatFamily("gemma", GEMMA_2, **GEMMA, architecture="gemma2"),
    "gemma-3": ChatFamily("gemma", GEMMA_3, **GEMMA, architecture="gemma3_text"),
    "phi-3.5": ChatFamily(
        "sentencepiece", PHI, "<|user|>\n{request}<|end|>\n<|assistant|>\n", "{text}<|end|>", "<s>",
        {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"},
        ["<|assistant|>", "<|system|>", "<|end|>", "<|user|>"], ends=["<|end|>", "<|assistant|>", "<|endoftext|>"],
        strips=True, architecture="phi3",
    ),
    "smollm2": ChatFamily(
        "gpt-2", with_system(SMOL), f"<|im_start|>system\n{SMOL}<|im_end|>\n{USER}", "{text}<|im_end|>", "<|endoftext|>",
        {"unk_token": "<|endoftext|>", "bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>"},
        ends=["<|im_end|>"], tokenizer_class="GPT2Tokenizer",
    ),
    "chatml": ChatFamily(
        "sentencepiece", "{% for message in messages %}" + CHATML, USER, "{text}<|im_end|>", "<s>",
        {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "<|im_end|>", "pad_token": "</s>"}, ["<|im_start|>"],
        architecture="mistral",
    ),
    "zephyr": ChatFamily(
        "sentencepiece", ZEPHYR, "<|user|>\n{request}</s>\n<|assistant|>\n", "{text}</s>", "<s>", LLAMA_ROLES, ends=["</s>"],
        architecture="mistral",
    ),
}  # fmt: skip
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@cache
def tokenizer_of(name):
    """A family's tokenizer with its template. Tests that change it change a copy."""
    from transformers import PreTrainedTokenizerFast

    family = FAMILIES[name]
    tokenizer = {"tiktoken": _tiktoken, "gpt-2": _gpt_2, "sentencepiece": _sentencepiece, "gemma": _gemma}[family.kind]()
    special = list(dict.fromkeys([*family.roles.values(), *family.controls, family.start]))
    tokenizer.add_special_tokens(
        [AddedToken(token, rstrip=family.strips and "|" in token, normalized=False) for token in special]
    )
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in family.plain])
    # As an encoder of bare texts adds a beginning: a template that writes one too would double it
    begin = [token for role, token in family.roles.items() if role == "bos_token"]
    named = [(token, tokenizer.token_to_id(token)) for token in begin]
    adds = processors.TemplateProcessing(single=" ".join([*begin, "$A"]), special_tokens=named)
    trims = processors.ByteLevel(trim_offsets=True)  # published with Llama 3 and SmolLM2: a blank is in no token's place
    tokenizer.post_processor = processors.Sequence([trims, adds]) if family.kind in ("tiktoken", "gpt-2") else adds
    whole = PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, **family.roles)
    whole.chat_template = family.template
    return whole


def ends_of(name):
    """Ids that a family's generation_config.json lists."""
    return [tokenizer_of(name).convert_tokens_to_ids(token) for token in FAMILIES[name].ends]


def base_in(folder, name):
    """A random model of a few numbers with a family's tokenizer, as a hub gives one; returns its manifest."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM, GenerationConfig

    from verso.pretrained.manifest import SNAPSHOT, write_manifest

    tokenizer = tokenizer_of(name)
    torch.manual_seed(1)
    sizes = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
    }
    sizes |= {"head_dim": 8, "vocab_size": len(tokenizer), "max_position_embeddings": 1024, "pad_token_id": None}
    config = CONFIG_MAPPING[FAMILIES[name].architecture](**sizes, initializer_range=0.2)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.generation_config = GenerationConfig(eos_token_id=ends_of(name) or None)
    model.save_pretrained(folder / SNAPSHOT)
    tokenizer.save_pretrained(folder / SNAPSHOT)
    path = folder / SNAPSHOT / "tokenizer_config.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "tokenizer_class": FAMILIES[name].tokenizer_class, "legacy": False}))
    about = {"name": name, "type": "hub", "licence": None, "miniature": False, "commit": None}
    write_manifest(folder / "pretrained.json", about, [path.name for path in (folder / SNAPSHOT).iterdir()])
    return folder / "pretrained.json"


def _tiktoken():
    split = pre_tokenizers.Split(Regex(WORDS), "isolated")
    return _of_bytes([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def _gpt_2():
    return _of_bytes([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])


def _of_bytes(cut):
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cut)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=380, initial_alphabet=alphabet, show_progress=False))
    return tokenizer


def _sentencepiece():
    tokenizer = _of_pieces(normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


def _gemma():
    tokenizer = _of_pieces(normalizers.Replace(" ", "▁"))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return tokenizer


def _of_pieces(normalizer):
    """Pieces learnt from the texts, and a token for each byte, for letters that are in none."""
    learning = Tokenizer(BPE())
    learning.normalizer = normalizer
    learning.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    learning.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=150, show_progress=False))
    learnt = json.loads(learning.to_str())["model"]
    pieces = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *sorted(learnt["vocab"], key=learnt["vocab"].get)]
    merges = [tuple(merge) for merge in learnt["merges"]]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizer
    return tokenizer
