"""Thumbnails: a picture in, a small one of the same format out."""

from __future__ import annotations

import io
import warnings
from typing import Final

from PIL import Image, ImageOps

LONGEST_SIDE: Final = 256
FORMATS: Final = ("JPEG", "PNG")

# A picture that says it is larger than this is refused before it is unpacked: 40 million pixels of four bytes
# fit the function's memory twice. Pillow by itself only warns, up to twice that size.
Image.MAX_IMAGE_PIXELS = 40_000_000
warnings.simplefilter("error", Image.DecompressionBombWarning)


_UNREADABLE: Final = (
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombWarning,
    Image.DecompressionBombError,
)


class NotAPictureError(Exception):
    """What was uploaded can't be read as a picture, or is too large for one."""


def make(picture: bytes) -> tuple[bytes, str]:
    """Make a thumbnail with a longest side of 256 pixels; give it and its content type.

    It has the picture's format, is the right way up, and carries none of the camera's notes (places, names).
    Raises NotAPictureError for what isn't a whole JPEG or PNG.
    """
    try:
        with Image.open(io.BytesIO(picture), formats=FORMATS) as opened:
            # A phone's JPEG with further pictures in it (MPO): the first one is the picture.
            kind = "PNG" if opened.format == "PNG" else "JPEG"
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            small = ImageOps.exif_transpose(opened)
            # A colour that counts as none: smaller, it would have mixed with others. (Of 16-bit grey, Pillow
            # would make white.)
            if "transparency" in small.info and small.mode != "I;16":
                small = small.convert("RGBA")
            small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    except _UNREADABLE as error:
        raise NotAPictureError(f"not a whole JPEG or PNG: {error}") from None
    small.info = {}
    out = io.BytesIO()
    small.save(out, format=kind, optimize=True)
    return out.getvalue(), Image.MIME[kind]
