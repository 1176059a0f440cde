"""A picture of somebody, as the mentees page shows it: small, square, and made anew, so that nothing of the file that
was given is in it but what one sees: no place, no camera, no name, no preview of what was cut off.
"""

from __future__ import annotations

import threading
import warnings
from io import BytesIO

from shared import log

from ..rules.refusals import Refused

LARGEST = 8_000_000  # bytes of a file that is given
PIXELS = 30_000_000  # of a picture that is decoded
SIDE = 400
_one = threading.Lock()  # decoding takes a hundred megabytes: one at a time in a process
_OTHER = "Give a JPEG, PNG or WebP."
logger = log.get()


def too_large() -> Refused:
    """What is said to a file that is not even read."""
    return Refused("headshot", f"This file is larger than {LARGEST // 1_000_000} MB.", "Give a smaller one.")


def small(data: bytes) -> bytes:
    """A JPEG of SIDE times SIDE pixels, with no metadata.

    :raises Refused: it is no picture, or too large a one.
    """
    from PIL import Image, ImageOps

    if len(data) > LARGEST:
        raise too_large()
    try:
        with _one, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as opened:
                if opened.width * opened.height > PIXELS:
                    raise Refused(
                        "headshot", f"It has more than {PIXELS // 1_000_000} million pixels.", "Give a smaller one."
                    )
                if min(opened.size) < 100:
                    raise Refused("headshot", "It is smaller than 100 pixels.", "Give a larger one.")
                opened.draft("RGB", (SIDE, SIDE))
                turned = ImageOps.exif_transpose(opened)
                fitted = ImageOps.fit(turned.convert("RGBA"), (SIDE, SIDE))
            ground = Image.new("RGB", fitted.size, "white")
            ground.paste(fitted, mask=fitted.getchannel("A"))
            made = BytesIO()
            ground.save(made, "JPEG", quality=85, optimize=True)
    except Refused:
        raise
    except Exception as error:
        # Whatever its parsers stumble over: they are many, and each has errors of its own. The log says which it was.
        logger.info("headshot.unreadable", error=type(error).__name__)
        raise Refused("headshot", "This is no picture that can be read.", _OTHER) from None
    return made.getvalue()
