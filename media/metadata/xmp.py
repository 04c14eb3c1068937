"""XMP: an RDF packet inside a picture or in a file beside it.

Only the properties we show are read, in each way RDF has of writing them: as attribute, element, Alt, Bag or Seq.
"""

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element  # the type only; parsing goes through defusedxml

from media.metadata.boundary import attempt
from media.metadata.camera import camera_of
from media.metadata.clock import parse_clock
from media.metadata.found import NOTHING, Found, Moment, Position
from media.metadata.places import parse_coordinate, position_of
from media.metadata.texts import captions_of, decode_text, name_of

if TYPE_CHECKING:
    from PIL import Image

LONGEST_PACKET_BYTES = 1 << 20  # a real one has some kilobytes; beyond this it is edit history, or an attack

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_DC = "{http://purl.org/dc/elements/1.1/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_EXIF_EX = "{http://cipa.jp/exif/1.0/}"
_TIFF = "{http://ns.adobe.com/tiff/1.0/}"
_AUX = "{http://ns.adobe.com/exif/1.0/aux/}"

_CAPTIONS = (f"{_DC}description", f"{_PHOTOSHOP}Headline", f"{_DC}title", f"{_EXIF}UserComment")
# The order of the metadata working group: when it happened, then when it was digitised.
_DATES = (
    f"{_EXIF}DateTimeOriginal",
    f"{_PHOTOSHOP}DateCreated",
    f"{_EXIF}DateTimeDigitized",
    f"{_XMP}CreateDate",
)
_LENSES = (f"{_EXIF_EX}LensModel", f"{_AUX}Lens")

Properties = dict[str, list[str]]


def read_xmp(image: "Image.Image") -> Found:
    """What the packet inside the picture says."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    return parse_xmp(packet) if isinstance(packet, bytes) else NOTHING


def parse_xmp(packet: bytes) -> Found:
    """The fields of a packet; nothing where it is no XML, too long, or declares entities."""
    if len(packet) > LONGEST_PACKET_BYTES:
        return NOTHING
    nothing: Properties = {}
    properties = attempt(_properties_of, nothing, packet)
    keywords = ", ".join(filter(None, (word.strip() for word in properties.get(f"{_DC}subject", []))))
    texts = [text for name in _CAPTIONS for text in properties.get(name, [])[:1]]
    lenses = (name_of(_first(properties, name)) for name in _LENSES)
    return Found(
        taken=_taken(properties),
        camera=camera_of(_first(properties, f"{_TIFF}Make"), _first(properties, f"{_TIFF}Model")),
        lens=next(filter(None, lenses), None),
        position=_position(properties),
        captions=captions_of([*texts, keywords]),
    )


def _first(properties: Properties, name: str) -> str:
    return properties.get(name, [""])[0]


def _taken(properties: Properties) -> Moment | None:
    dates = (parse_clock(_first(properties, name)) for name in _DATES)
    return next(filter(None, dates), None)


def _position(properties: Properties) -> Position | None:
    latitude = parse_coordinate(_first(properties, f"{_EXIF}GPSLatitude"), "NS")
    longitude = parse_coordinate(_first(properties, f"{_EXIF}GPSLongitude"), "EW")
    return position_of(latitude, longitude)


def _properties_of(packet: bytes) -> Properties:
    """The properties of the picture itself; those nested deeper belong to its history or to regions in it."""
    from defusedxml.ElementTree import fromstring

    # As text, since packets are padded, and some say one encoding and use another.
    root: Element = fromstring(decode_text(packet).strip("\0 \r\n\t\ufeff"), forbid_dtd=True)
    properties: Properties = {}
    for rdf in root.iter(f"{_RDF}RDF"):
        for description in rdf.iterfind(f"{_RDF}Description"):
            for name, value in description.attrib.items():
                properties.setdefault(name, [value])
            for child in description:
                if values := _values_of(child):
                    properties.setdefault(child.tag, values)
    return properties


def _values_of(element: Element) -> list[str]:
    """The texts of one property: its own, or those of its list, the default language first."""
    items = [item for kind in ("Alt", "Bag", "Seq") for item in element.iterfind(f"{_RDF}{kind}/{_RDF}li")]
    if items:
        items.sort(key=lambda item: item.get(_LANGUAGE) != "x-default")
        return [item.text for item in items if item.text]
    value = element.find(f"{_RDF}value")
    text = element.text if value is None else value.text
    return [text] if text else []
