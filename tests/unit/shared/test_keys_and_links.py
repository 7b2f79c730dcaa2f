"""Ids, API keys and signed links: their shapes and what they refuse."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import LinkExpired, LinkInvalid
from shared.ids import ImageId, is_well_formed, new_image_id, new_job_id
from shared.images.links import check_link, sign_link
from shared.tenants.keys import find_presented_key, new_api_key

SECRET = "s" * 32


def test_ids_are_well_formed_and_in_order_of_time() -> None:
    first = new_job_id()
    time.sleep(0.002)
    second = new_job_id()
    assert is_well_formed(first, "job")
    assert first < second
    assert not is_well_formed(first, "img")


def test_a_key_is_recognised_and_its_secret_is_not_kept() -> None:
    shown, kept = new_api_key()
    assert find_presented_key(shown) == kept
    assert shown[-49:-6].encode() not in kept.secret_hash
    assert "secret_hash" not in repr(kept)


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_key_with_one_letter_changed_is_no_key(position: int, letter: str) -> None:
    shown, _ = new_api_key()
    position %= len(shown)
    if shown[position] != letter:
        changed = shown[:position] + letter + shown[position + 1 :]
        assert find_presented_key(changed) is None


@pytest.mark.parametrize("text", ["", "Bearer", "sk-123", "atl_live_", "x" * 10_000, "ключ"])
def test_other_texts_are_no_keys(text: str) -> None:
    assert find_presented_key(text) is None


def test_a_link_holds_until_its_time_and_for_its_image_alone() -> None:
    image, other = new_image_id(), new_image_id()
    signature = sign_link(SECRET, image, 1000)
    check_link(SECRET, image, 1000, signature, now_s=999)
    with pytest.raises(LinkExpired):
        check_link(SECRET, image, 1000, signature, now_s=1000)
    for image_id, expires_at_s, given_signature in (
        (other, 1000, signature),
        (image, 2000, signature),
        (image, 1000, ""),
        (image, 1000, "é" * 64),
    ):
        with pytest.raises(LinkInvalid):
            check_link(SECRET, ImageId(image_id), expires_at_s, given_signature, now_s=1)
    with pytest.raises(LinkInvalid):
        check_link("t" * 32, image, 1000, signature, now_s=1)
