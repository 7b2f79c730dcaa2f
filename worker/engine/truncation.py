"""What a prompt loses to a text encoder of fixed length."""

from transformers import PreTrainedTokenizerBase


def find_cut_text(tokenizer: PreTrainedTokenizerBase, text: str) -> str:
    """Return the end of `text` from the first word that did not fit whole, as it was written."""
    encoded = tokenizer(text, return_offsets_mapping=True)
    if len(encoded.input_ids) <= tokenizer.model_max_length:
        return ""
    first_cut = tokenizer.model_max_length - 1  # the last place is the end token's
    start, _end = encoded.offset_mapping[first_cut]
    while start and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    return text[start:].strip()
