"""Pictures that come inside a request."""

import base64
import binascii
import re

from shared.assets.read_picture import PictureFile
from shared.errors import InvalidImage

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*);base64,", re.ASCII)


def decode_base64(text: str, pointer: str) -> PictureFile:
    """Return the file that base64 text, or a data URL of it, stands for.

    Raises:
        InvalidImage: It is not base64.
    """
    head = _DATA_URL.match(text)
    body = text[head.end() :] if head else text
    try:
        data = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidImage(pointer, "is not base64") from error
    return PictureFile(data=data, pointer=pointer, media_type=(head[1] or "") if head else "")
