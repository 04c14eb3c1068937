import json

from core.pictures import TakenAt, TakenSource
from core.queries import Alike, AlikeKind, CopyKind, Hit, Reranked, SearchResult, Took
from searcher.jsonable import result_to_json
from tests.searcher.memory import caption, make_picture, wall

PLUS_TWO = TakenAt(wall(2019, 5, 3, 14, 2, 11, 999), 120, TakenSource.EXIF)
NEWFOUNDLAND = TakenAt(wall(2019, 5, 3, 14, 2, 11), -150, TakenSource.EXIF)


def test_the_exact_shape():
    first = make_picture(1, taken=PLUS_TWO, camera="Canon EOS 40D", captions=(caption("A dog"), caption("Strand")))
    second = make_picture(2, path=b"/odd\xff.jpg", taken=TakenAt(wall(2020, 1, 2), None, TakenSource.FILE))
    result = SearchResult(
        query="a dog",
        space="vit-b-32-1a2b",
        model="ViT-B-32",
        library="/lib",
        searched=12_000,
        indexed=12_000,
        known=12_400,
        took_ms=Took(encode=3.14159, retrieve=0.5, total=3.64159),
        hits=(
            Hit(1, 0.30000001192092896, first, (Alike(b"/c\xfe", AlikeKind.BURST, 109),), words=("red", "kite")),
            Hit(2, 0.25, second, (), CopyKind.RESIZED, 0.87654, Reranked(2.0, 0.3, 2.3)),
        ),
        nearest=(Hit(1, 0.2, first, (Alike(b"/c\xfe", AlikeKind.BURST, 109),)),),
        reranker="blip-itm-base-coco",
        reranked=7,
        notices=("a notice",),
    )
    shown = result_to_json(result)
    assert shown == {
        "query": "a dog",
        "space": "vit-b-32-1a2b",
        "model": "ViT-B-32",
        "library": "/lib",
        "searched": 12_000,
        "indexed": 12_000,
        "known": 12_400,
        "took_ms": {"encode": 3.14, "retrieve": 0.5, "rerank": 0.0, "total": 3.64},
        "hits": [
            {
                "rank": 1,
                "path": "/photos/1.jpg",
                "score": 0.3,
                "image_id": 101,
                "taken_at": "2019-05-03T14:02:11+02:00",
                "taken_source": "exif",
                "width": 400,
                "height": 300,
                "camera": "Canon EOS 40D",
                "captions": ["A dog", "Strand"],
                "tags": [],
                "alike": [{"path": "/c\ufffd", "path_b64": "L2P+", "kind": "burst", "image_id": 109}],
                "offline": False,
                "match": None,
                "reranked": None,
                "matched_words": ["red", "kite"],
            },
            {
                "rank": 2,
                "path": "/odd\ufffd.jpg",
                "path_b64": "L29kZP8uanBn",
                "score": 0.25,
                "image_id": 102,
                "taken_at": "2020-01-02T00:00:00",
                "taken_source": "file",
                "width": 400,
                "height": 300,
                "camera": None,
                "captions": [],
                "tags": [],
                "alike": [],
                "offline": False,
                "match": 0.8765,
                "reranked": {"itm": 2.0, "itc": 0.3, "fused": 2.3},
                "matched_words": [],
                "copy": "resized",
            },
        ],
        "nearest": [{**shown["hits"][0], "score": 0.2, "matched_words": []}],
        "reranker": "blip-itm-base-coco",
        "reranked": 7,
        "not_reranked": None,
        "notices": ["a notice"],
    }
    assert json.loads(json.dumps(shown)) == shown


def test_negative_offsets():
    hit = Hit(1, 0.1, make_picture(1, taken=NEWFOUNDLAND))
    result = SearchResult("q", "s", "m", "l", 1, 1, 1, Took(), (hit,))
    assert result_to_json(result)["hits"][0]["taken_at"] == "2019-05-03T14:02:11-02:30"


def test_what_was_never_read_is_null():
    result = SearchResult("q", "s", "m", "l", 1, 1, 1, Took(), (Hit(1, 0.1, make_picture(1, width=0, height=0)),))
    hit = result_to_json(result)["hits"][0]
    assert [hit[key] for key in ("taken_at", "taken_source", "width", "height")] == [None] * 4
