"""A CLIP tokenizer in which every word of the captions is one token."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from transformers import CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from models.recipe.captions import vocabulary

MAX_TOKENS = 32
START, END = "<|startoftext|>", "<|endoftext|>"
Merge = tuple[str, str]


def merged(word: str, merges: Iterable[Merge]) -> list[str]:
    """Split a word as byte-pair encoding does: always the merge of the best rank first."""
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    parts = [*word[:-1], f"{word[-1]}</w>"]
    while len(parts) > 1:
        rank, at = min((ranks.get(pair, len(ranks)), i) for i, pair in enumerate(pairwise(parts)))
        if rank == len(ranks):
            break
        parts[at : at + 2] = ["".join(parts[at : at + 2])]
    return parts


def merges_for(words: Iterable[str]) -> list[Merge]:
    """List merges that make each word one token.

    A later merge never changes an earlier word: there, an earlier merge always goes first.
    """
    merges: list[Merge] = []
    for word in words:
        while len(parts := merged(word, merges)) > 1:
            merges.append((parts[0], parts[1]))
    return merges


def make_tokenizer() -> CLIPTokenizer:
    """Build the tokenizer; an unknown word falls back to parts and bytes."""
    merges = merges_for(vocabulary())
    letters = list(bytes_to_unicode().values())
    names = [*letters, *[f"{one}</w>" for one in letters], *["".join(pair) for pair in merges]]
    vocab = {name: number for number, name in enumerate([*dict.fromkeys(names), START, END])}
    # Typed as lines, which the backend no longer takes; it wants the pairs.
    pairs: Any = merges
    return CLIPTokenizer(
        vocab=vocab,
        merges=pairs,
        pad_token=END,
        model_max_length=MAX_TOKENS,
    )
