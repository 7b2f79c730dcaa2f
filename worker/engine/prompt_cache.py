"""Encoded texts, kept for whoever asks for the same again: the empty one above all."""

from collections import OrderedDict

from worker.engine.conditioning import EncodedText
from worker.engine.model import LoadedModel


class PromptCache:
    """The texts last used, up to so many bytes on the device.

    Texts are kept one by one, so that a new prompt still finds its old negative prompt.

    Attributes:
        hits: Texts that were found.
        misses: Texts that were encoded.
        held_bytes: What is kept now.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple[str, str], EncodedText] = (
            OrderedDict()
        )  # last used at the end
        self.held_bytes = 0
        self.hits = 0
        self.misses = 0

    def encode(self, name: str, model: LoadedModel, text: str) -> EncodedText:
        """Return a text as a model reads it, encoding it only if it is not kept.

        Args:
            name: The model's; until `forget` it means the same model.
            model: Encodes what is missing.
            text: A prompt or a negative prompt.
        """
        key = name, text
        if key in self._kept:
            self.hits += 1
            self._kept.move_to_end(key)
            return self._kept[key]
        self.misses += 1
        encoded = model.encode_text(text)
        self._kept[key] = encoded
        self.held_bytes += _size(encoded)
        while self.held_bytes > self._max_bytes:
            _, dropped = self._kept.popitem(last=False)
            self.held_bytes -= _size(dropped)
        return encoded

    def forget(self, name: str) -> None:
        """Drop what a model encoded: another one may take its name."""
        for key in [key for key in self._kept if key[0] == name]:
            self.held_bytes -= _size(self._kept.pop(key))


def _size(encoded: EncodedText) -> int:
    return sum(tensor.nbytes for tensor in encoded.tensors.values())
