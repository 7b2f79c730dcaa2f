"""Links to pictures that the API serves itself: signed, short-lived, bearing no key."""

import hashlib
import hmac

from shared.errors import LinkExpired, LinkInvalid
from shared.ids import AssetId, ImageId


def sign_link(secret_key: str, image_id: ImageId | AssetId, expires_at_s: int) -> str:
    """Return the signature over a picture's id and the Unix time its link ends."""
    text = f"image:{image_id}:{expires_at_s}".encode()
    return hmac.new(secret_key.encode(), text, hashlib.sha256).hexdigest()


def check_link(
    secret_key: str, image_id: ImageId, expires_at_s: int, signature: str, now_s: float
) -> None:
    """Return if the link holds.

    Raises:
        LinkInvalid: The signature is not ours.
        LinkExpired: It was, and its time is over.
    """
    expected = sign_link(secret_key, image_id, expires_at_s)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise LinkInvalid
    if now_s >= expires_at_s:
        raise LinkExpired
