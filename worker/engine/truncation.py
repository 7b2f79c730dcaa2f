"""What a prompt loses to text encoders of fixed length."""

from collections.abc import Iterable

from transformers import PreTrainedTokenizerBase


def find_cut_text(text: str, encoders: Iterable[tuple[PreTrainedTokenizerBase, int]]) -> str:
    """Return the end of a text that none of its encoders had room for, as it was written.

    Args:
        text: The whole.
        encoders: The tokenizer of each, and how many tokens it takes.
    """
    cuts = (_find_cut(text, tokenizer, max_tokens) for tokenizer, max_tokens in encoders)
    return min(cuts, key=len)


def _find_cut(text: str, tokenizer: PreTrainedTokenizerBase, max_tokens: int) -> str:
    """Return the end of `text` from the first word that did not fit whole."""
    encoded = tokenizer(text, return_offsets_mapping=True)
    if len(encoded.input_ids) <= max_tokens:
        return ""
    first_cut = max_tokens - 1  # the last place is the end token's
    start, _end = encoded.offset_mapping[first_cut]
    while start and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    return text[start:].strip()
