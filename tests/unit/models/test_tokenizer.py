"""The tokenizer of the captions."""

from models.recipe.captions import vocabulary
from models.recipe.tokenizer import MAX_TOKENS, make_tokenizer, merged, merges_for


def test_a_later_word_leaves_earlier_words_whole() -> None:
    merges = merges_for(["star", "heart", "stars", "art"])
    for word in ("star", "heart", "stars", "art"):
        assert merged(word, merges) == [f"{word}</w>"]
    assert len(merged("tart", merges)) > 1


def test_every_known_word_is_one_token_and_unknown_ones_are_kept() -> None:
    tokenizer = make_tokenizer()
    for word in vocabulary():
        assert len(tokenizer(word).input_ids) == 3, word
    known, unknown = (tokenizer(words).input_ids for words in ("a star", "a zebra"))
    assert tokenizer.unk_token_id not in unknown[1:-1]
    assert len(unknown) > len(known)
    assert tokenizer.model_max_length == MAX_TOKENS
