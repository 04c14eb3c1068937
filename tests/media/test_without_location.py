"""Files without the place where they were taken: the same pixels, the same facts but for the place."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from core.errors import PictureProblem
from media import AskedPicture, DecodeLimits, PictureWorkers, Rewritten
from media.asked import WithoutLocation
from media.decode import Hooks, opened_from
from media.making import make
from media.metadata import Metadata, read_metadata
from media.source import handed_source
from media.without_location.bytes_of import Span, Unclear
from media.without_location.chunks import clear_gif
from media.without_location.iptc import clear_iptc
from media.without_location.xmp import clear_xmp

LIMITS = DecodeLimits()
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    b' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    b' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    b' exif:GPSLatitude="48,51.5N" exif:GPSLongitude=\'2,21.1E\' photoshop:City="Secretville">'
    b'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">a dog</rdf:li></rdf:Alt></dc:description>'
    b"<ext:LocationCreated><rdf:Bag><rdf:li><rdf:Description><ext:City>Secretville</ext:City></rdf:Description>"
    b"</rdf:li></rdf:Bag></ext:LocationCreated><ext:LocationShown/>"
    b'</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
SECRETS = (b"48,51.5", b"2,21.1", b"Secretville", b"SECRETMAKER", b"SECRETVIDEO")


def exif() -> bytes:
    """A camera, an orientation, a maker's note, and a place."""
    tags = Image.Exif()
    tags[0x0110] = "Camera One"
    tags[0x0112] = 6
    tags.get_ifd(0x8769)[0x9003] = "2019:05:03 14:02:11"
    tags.get_ifd(0x8769)[0x927C] = b"SECRETMAKER" * 4
    tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 21.0, 6.0), 29: "2019:05:03"})
    return tags.tobytes()


def picture() -> Image.Image:
    return Image.radial_gradient("L").resize((80, 48)).convert("RGB")


def saved(kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(picture()).save(out, exif=exif(), xmp=XMP, quality=90)
    elif kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        texts = PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
        texts.add_text("Title", "a dog")
        texts.add_text("exif:GPSLatitude", "48,51.5")
        picture().save(out, kind, exif=exif(), pnginfo=texts)
    elif kind == "TIFF":
        picture().save(out, kind, exif=exif(), tiffinfo={700: XMP})
    else:
        picture().save(out, kind, exif=exif(), xmp=XMP)
    return out.getvalue()


def rewritten(data: bytes) -> Rewritten:
    made = make(AskedPicture(data=data), WithoutLocation(), limits=LIMITS, hooks=Hooks())
    assert isinstance(made, Rewritten)
    return made


def read(data: bytes) -> tuple[Metadata, bytes]:
    with opened_from(handed_source(data), limits=LIMITS) as opened:
        found = read_metadata(opened.image, path=b"", stat=opened.source.stat)
        opened.image.load()
        return found, opened.image.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_the_place_goes_and_the_rest_stays(kind: str) -> None:
    before = saved(kind)
    (facts, pixels), made = read(before), rewritten(before)
    after, same = read(made.data)
    assert facts.latitude is not None
    assert (made.anew, made.format) == (False, kind.lower())
    assert same == pixels
    assert (after.latitude, after.longitude) == (None, None)
    assert not [secret for secret in SECRETS if secret in made.data]
    assert (after.camera, after.exif_orientation, after.taken) == (facts.camera, facts.exif_orientation, facts.taken)
    assert [caption.text for caption in after.captions] == [caption.text for caption in facts.captions]


def test_real_cameras(test_data: Path) -> None:
    """Those with a place lose it and nothing else."""
    for path in sorted((test_data / "metadata" / "exif-samples").glob("jpg__gps__*.jpg")):
        before = path.read_bytes()
        made = rewritten(before)
        (facts, pixels), (after, same) = read(before), read(made.data)
        assert facts.latitude is not None
        assert (after.latitude, made.anew, same == pixels, len(made.data)) == (None, False, True, len(before)), path
        assert (after.camera, after.lens, after.taken) == (facts.camera, facts.lens, facts.taken)


def test_what_lies_behind_a_jpeg_is_cut_off_and_its_further_pictures_are_cleared() -> None:
    one = saved("JPEG")
    made = rewritten(one + bytes(3) + one + b"....ftypmp42SECRETVIDEO").data
    assert len(made) == 2 * len(one) + 3
    assert not [secret for secret in SECRETS if secret in made]


def test_segments_that_nobody_knows_are_emptied() -> None:
    data = saved("JPEG")
    segments = b"".join(
        marker + (len(content) + 2).to_bytes(2, "big") + content
        for marker, content in (
            (b"\xff\xe6", b"GoPro\0SECRETMAKER"),
            (b"\xff\xe1", b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + b"<exif:GPSLatitude>48,51.5"),
            (b"\xff\xed", b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x10\x1c\x02\x5a\0\x0bSecretville"),
            (b"\xff\xfe", b"GPS 48,51.5"),
        )
    )
    before = data[:2] + segments + data[2:]
    made = rewritten(before)
    assert (made.anew, len(made.data), read(made.data)[1]) == (False, len(before), read(before)[1])
    assert not [secret for secret in SECRETS if secret in made.data]


def test_what_cannot_be_rewritten_is_drawn_anew_upright_and_in_its_colours() -> None:
    out = io.BytesIO()
    picture().save(out, "JPEG2000")
    made = rewritten(out.getvalue())
    with Image.open(io.BytesIO(made.data)) as image:
        assert (made.anew, made.format, image.format, image.size) == (True, "jpeg", "JPEG", (80, 48))
        assert not image.getexif()
    broken = saved("JPEG").replace(b"MM\0*\0\0\0\x08\0", b"MM\0*\0\0\0\x08\x7f", 1)
    assert rewritten(broken).anew


@pytest.mark.parametrize(
    "packet",
    [
        XMP.replace(b"</rdf:RDF>", b""),  # no XML
        XMP.decode().encode("utf-16"),
        XMP.replace(b"exif:GPSLatitude", b"&#71;PS:x") + b"<gps>",
        b"<a><gpsx><gpsx>1</gpsx>SECRET</gpsx></a>",  # nested in itself
    ],
)
def test_xmp_that_stays_unclear_goes_whole(packet: bytes) -> None:
    data = bytearray(b"before" + packet + b"after")
    clear_xmp(Span(data, 6, 6 + len(packet)))
    assert data == b"before" + b" " * len(packet) + b"after"


def test_xmp_that_tells_of_no_place_stays() -> None:
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a rating="5"/></x:xmpmeta>'
    data = bytearray(packet)
    clear_xmp(Span(data, 0, len(data)))
    assert data == packet


def test_iptc_keeps_what_is_no_place() -> None:
    def field(dataset: int, text: bytes) -> bytes:
        return bytes([0x1C, 2, dataset]) + len(text).to_bytes(2, "big") + text

    data = bytearray(field(120, b"a dog") + field(90, b"Rome") + field(101, b"Italy"))
    clear_iptc(Span(data, 0, len(data)))
    assert data == field(120, b"a dog") + field(90, b"    ") + field(101, b"     ")
    with pytest.raises(Unclear):
        clear_iptc(Span(bytearray(b"\x1c\x02\x5a\x00\x50Rome"), 0, 9))


def test_a_gif_loses_its_xmp_only() -> None:
    out = io.BytesIO()
    picture().save(out, "GIF", save_all=True, append_images=[Image.new("RGB", (80, 48))])
    plain = out.getvalue()
    trailer = bytes([1, *range(255, -1, -1), 0])
    data = bytearray(plain[:-1] + b"\x21\xff\x0bXMP DataXMP" + XMP + trailer + plain[-1:])
    clear_gif(data)
    assert data == plain


@pytest.fixture(scope="module")
def workers() -> Iterator[PictureWorkers]:
    made = PictureWorkers(limits=LIMITS, workers=1)
    yield made
    made.close()


def test_it_is_done_in_a_worker(workers: PictureWorkers, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(saved("JPEG"))
    asked = AskedPicture(str(tmp_path / "a.jpg").encode())
    assert workers.without_location(asked) == rewritten(saved("JPEG"))


def test_no_damage_gets_through(test_data: Path) -> None:
    """Whatever is cut off or overwritten: the answer is a picture without a place, or a problem."""
    data = (test_data / "metadata" / "exif-samples" / "jpg__gps__DSCN0010.jpg").read_bytes()[:30_000]
    hurt: list[Callable[[], bytes]] = [
        *(lambda at=at: data[: 100 + 997 * at] for at in range(0, 30, 3)),  # type: ignore[misc]
        *(lambda at=at: data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :] for at in range(4, 1400, 61)),  # type: ignore[misc]
    ]
    for damage in hurt:
        try:
            made = rewritten(damage())
        except PictureProblem:
            continue
        with opened_from(handed_source(made.data), limits=LIMITS) as opened:
            assert read_metadata(opened.image, path=b"", stat=opened.source.stat).latitude is None
