"""The images that a post brings: found, looked at by their headers only, capped, and each copied once.

A header tells size and kind; no pixel is ever decoded, so a small file that says it is a large picture costs nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import warnings
from io import BytesIO
from urllib.parse import unquote_to_bytes

from .meta import slugged
from .shapes import Image, Target, Tree

_KINDS = {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "WEBP": ".webp", "AVIF": ".avif", "BMP": ".bmp"}
_ACTIVE = re.compile(
    rb"<\s*(script|foreignobject|iframe|embed|object)|\son\w+\s*=|javascript:|<!(entity|doctype[^>]*\[)|<\?xml-stylesheet",
    re.I,
)


class Album:
    """The images of one post.

    :param folder: in the target, as in ``images/posts/ada-first``.
    :param embedded: name to bytes of what the post itself holds (a notebook's outputs).
    """

    def __init__(self, folder: str, target: Target, embedded: dict[str, bytes] | None = None) -> None:
        self.folder, self._base, self._limits = target.static + folder, target.base.rstrip("/"), target.limits
        self._static = target.static
        self._embedded = embedded or {}
        self._by_source: dict[str, Image] = {}

    @property
    def images(self) -> tuple[Image, ...]:
        """What was taken so far, in order."""
        return tuple(self._by_source.values())

    def add(self, path: str, tree: Tree) -> str:
        """Take a file of the tree; its address in the target. ValueError says why not."""
        if path not in self._by_source:
            size = tree.sizes[path]
            self._fits(size)
            self._keep(path, path.rsplit("/", 1)[-1], tree.read(path), path)
        return self._address(path)

    def own(self, address: str) -> str:
        """Take what the post itself holds under ``notebook:name``; empty when it does not."""
        name = address.removeprefix("notebook:")
        if name not in self._embedded:
            return ""
        if address not in self._by_source:
            self._fits(len(self._embedded[name]))
            self._keep(address, name, self._embedded[name], "")
        return self._address(address)

    def inline(self, address: str) -> str:
        """Take an image written into the text as ``data:``."""
        head, _, data = address.strip().partition(",")
        if len(data) > self._limits.image * 4 // 3 + 4:
            raise ValueError(f"it is larger than {self._limits.image // 1000} kB")
        try:
            raw = base64.b64decode(unquote_to_bytes(data)) if head.endswith(";base64") else unquote_to_bytes(data)
        except (binascii.Error, ValueError):
            raise ValueError("it cannot be read") from None
        key = "data:" + hashlib.sha256(raw).hexdigest()[:12]
        if key not in self._by_source:
            self._fits(len(raw))
            self._keep(key, f"inline-{key[5:]}", raw, "")
        return self._address(key)

    def _address(self, key: str) -> str:
        return f"{self._base}/{self._by_source[key].path.removeprefix(self._static)}"

    def _fits(self, size: int) -> None:
        if size > self._limits.image:
            raise ValueError(f"it is larger than {self._limits.image // 1000} kB")
        if len(self._by_source) >= self._limits.images:
            raise ValueError(f"a post may bring {self._limits.images} images")
        if size + sum(len(image.data) for image in self._by_source.values()) > self._limits.all_images:
            raise ValueError(f"a post's images may together have {self._limits.all_images // 1_000_000} MB")

    def _keep(self, key: str, name: str, data: bytes, found: str) -> None:
        self._fits(len(data))
        suffix = kind(data, self._limits.pixels)
        stem = slugged(re.sub(r"\.\w+$", "", name)) or "image"
        taken = {image.path for image in self._by_source.values()}
        path, number = f"{self.folder}/{stem}{suffix}", 1
        while path in taken:
            number += 1
            path = f"{self.folder}/{stem}-{number}{suffix}"
        self._by_source[key] = Image(path, data, found)


def kind(data: bytes, pixels: int) -> str:
    """The file name's end for these bytes, by what they are and not by what they are called. ValueError when no image."""
    from PIL import Image as Picture
    from PIL import UnidentifiedImageError

    start = data[:1000].lstrip()
    if re.match(rb"(<\?xml|<!--|<!doctype svg|<svg)", start, re.I) and b"<svg" in data[:5000].lower():
        if _ACTIVE.search(data):
            raise ValueError("this SVG holds script or entities")
        return ".svg"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Picture.DecompressionBombWarning)
            with Picture.open(BytesIO(data), formats=list(_KINDS)) as picture:
                width, height = picture.size
                suffix = _KINDS[picture.format or ""]
    except Picture.DecompressionBombError:
        raise ValueError(f"it has more than {pixels // 1_000_000} million pixels") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError):
        raise ValueError("it is not an image that browsers show") from None
    if width * height > pixels:
        raise ValueError(f"it has more than {pixels // 1_000_000} million pixels")
    return suffix
