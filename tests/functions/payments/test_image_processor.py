from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from tests.functions.payments.conftest import REGION, LambdaContext, Load


@pytest.fixture
def processor(load: Load, aws: Callable[[str], Any], name: str) -> ModuleType:
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return load("image_processor", UPLOADS_BUCKET=name)


def picture(kind: str, size: tuple[int, int] = (1024, 512), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, format=kind, **options)
    return out.getvalue()


def _event(bucket: str, key: str) -> dict[str, Any]:
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": bucket}, "object": {"key": key}},
    }


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png")])
def test_a_thumbnail_of_the_same_format(
    processor: ModuleType, aws: Callable[[str], Any], name: str, kind: str, suffix: str
) -> None:
    aws("s3").put_object(Bucket=name, Key=f"uploads/a/cat.{suffix}", Body=picture(kind))
    answer = processor.handler(_event(name, f"uploads/a/cat.{suffix}"), LambdaContext())
    assert answer == {"thumbnail": f"thumbnails/a/cat.{suffix}"}
    stored = aws("s3").get_object(Bucket=name, Key=answer["thumbnail"])
    assert stored["ContentType"] == f"image/{kind.lower()}"
    made = Image.open(io.BytesIO(stored["Body"].read()))
    assert (made.format, made.size) == (kind, (256, 128))


def test_small_pictures_stay_as_small_and_all_stand_upright(processor: ModuleType) -> None:
    import thumbnail  # type: ignore[import-not-found]

    sideways = Image.Exif()
    sideways[0x0112] = 6  # turned by 90 degrees
    sideways[0x010F] = "camera"
    made, _ = thumbnail.make(picture("JPEG", (40, 20), exif=sideways))
    opened = Image.open(io.BytesIO(made))
    assert opened.size == (20, 40)
    assert not opened.getexif()


def test_a_phones_jpeg_with_two_pictures_is_a_jpeg(
    processor: ModuleType, aws: Callable[[str], Any], name: str
) -> None:
    second = Image.new("RGB", (64, 32))
    body = picture("MPO", save_all=True, append_images=[second])
    assert Image.open(io.BytesIO(body)).format == "MPO"
    aws("s3").put_object(Bucket=name, Key="uploads/phone.jpg", Body=body)
    answer = processor.handler(_event(name, "uploads/phone.jpg"), LambdaContext())
    stored = aws("s3").get_object(Bucket=name, Key=answer["thumbnail"])
    assert stored["ContentType"] == "image/jpeg"
    made = Image.open(io.BytesIO(stored["Body"].read()))
    assert (made.format, made.size) == ("JPEG", (256, 128))


@pytest.mark.parametrize(
    ("mode", "left", "right"), [("P", 0, 1), ("RGB", (1, 2, 3), (200, 30, 30)), ("L", 7, 200), ("1", 0, 1)]
)
def test_what_is_transparent_stays_so(processor: ModuleType, mode: str, left: Any, right: Any) -> None:
    import thumbnail

    drawn = Image.new(mode, (512, 512), right)
    if mode == "P":
        drawn.putpalette([0, 0, 0, 200, 30, 30])
    drawn.paste(left, (0, 0, 256, 512))
    out = io.BytesIO()
    drawn.save(out, format="PNG", transparency=left)
    small, content_type = thumbnail.make(out.getvalue())
    assert content_type == "image/png"
    alpha = Image.open(io.BytesIO(small)).convert("RGBA").getchannel("A")
    assert (alpha.getpixel((10, 128)), alpha.getpixel((245, 128))) == (0, 255)


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", picture("PNG")[:200], picture("JPEG")[:300], picture("BMP", (8, 8))]
)
def test_a_broken_picture_fails(
    processor: ModuleType, aws: Callable[[str], Any], name: str, content: bytes
) -> None:
    aws("s3").put_object(Bucket=name, Key="uploads/broken.jpg", Body=content)
    with pytest.raises(Exception, match="not a whole JPEG or PNG"):
        processor.handler(_event(name, "uploads/broken.jpg"), LambdaContext())
    assert aws("s3").list_objects_v2(Bucket=name)["KeyCount"] == 1


@pytest.mark.parametrize("size", [(8_000, 5_001), (10_000, 10_000)])
def test_a_bomb_is_refused_before_it_is_unpacked(processor: ModuleType, size: tuple[int, int]) -> None:
    import thumbnail

    small = picture("PNG", (8, 8))
    header = b"IHDR" + struct.pack(">II", *size) + small[24:29]
    bomb = small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]
    with pytest.raises(thumbnail.NotAPictureError, match="exceeds limit"):
        thumbnail.make(bomb)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"detail": "x"},
        _event("other", "uploads/a.jpg"),
        _event("{name}", "thumbnails/a.jpg"),
    ],
)
def test_other_events_fail(processor: ModuleType, name: str, event: dict[str, Any]) -> None:
    if event.get("detail", {}) and isinstance(event["detail"], dict):
        event["detail"]["bucket"]["name"] = event["detail"]["bucket"]["name"].format(name=name)
    with pytest.raises(processor.BadEventError):
        processor.handler(event, LambdaContext())


def test_health(processor: ModuleType) -> None:
    assert processor.handler({"action": "health"}, LambdaContext()) == {"status": "ok"}
