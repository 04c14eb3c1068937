"""Sets to evaluate on, read from the files that the papers' data comes in, and from broken ones."""

import json
from pathlib import Path

import pytest

from core.errors import UsageError
from semantic_image_search.evaluation.sets import read_caption_set

Written = dict[str, list[str]]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three pictures as far as names go: nothing here opens one."""
    folder = tmp_path / "images"
    (folder / "val2014").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "val2014/COCO_val2014_000000000007.jpg", "000000000009.jpg"):
        (folder / name).write_bytes(b"")
    return folder


def write(tmp_path: Path, name: str, content: object) -> Path:
    file = tmp_path / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def by_name(file: Path, images: Path, **options: object) -> Written:
    """The set as captions by file name."""
    found = read_caption_set(file, images, **options)
    written: Written = {path.decode().rpartition("/")[2]: [] for path in found.pictures}
    for caption, own in zip(found.captions, found.owner, strict=True):
        written[list(written)[own]].append(caption)
    return written


def image(filename: str, split: str, *captions: str, **more: object) -> dict[str, object]:
    """As in Karpathy's files."""
    sentences = [{"tokens": text.split(), "raw": text, "imgid": 0, "sentid": 1} for text in captions]
    return {"filename": filename, "split": split, "sentences": sentences, "imgid": 0, "sentids": [1], **more}


KARPATHY = {
    "dataset": "coco",
    "images": [
        image("a.jpg", "test", "a dog", "a small dog "),
        image("b.jpg", "train", "a cat"),
        image("COCO_val2014_000000000007.jpg", "test", "a bus", filepath="val2014", cocoid=7),
        image("COCO_val2014_000000000009.jpg", "test", "a hat", filepath="val2014", cocoid=9),
        image("gone.jpg", "test", "a ghost"),
    ],
}


def test_karpathys_test_split_is_what_is_taken(tmp_path: Path, images: Path) -> None:
    file = write(tmp_path, "dataset_coco.json", KARPATHY)
    assert by_name(file, images) == {
        "a.jpg": ["a dog", "a small dog"],
        "COCO_val2014_000000000007.jpg": ["a bus"],
        "000000000009.jpg": ["a hat"],
    }
    assert by_name(file, images, split="train") == {"b.jpg": ["a cat"]}
    assert len(by_name(file, images, split="all")) == 4
    found = read_caption_set(file, images)
    assert found.missing == ("gone.jpg",)
    assert found.owner.tolist() == [0, 0, 1, 2]
    with pytest.raises(UsageError, match=r"no pictures of the split 'tset': there are test \(4\), train \(1\)"):
        read_caption_set(file, images, split="tset")


def test_coco_annotations(tmp_path: Path, images: Path) -> None:
    annotations = [
        {"image_id": 2, "id": 10, "caption": "a cat"},
        {"image_id": 1, "id": 11, "caption": "a dog"},
        {"image_id": 2, "id": 12, "caption": "two cats"},
        {"image_id": 99, "id": 13, "caption": "of no image"},
        {"image_id": 1, "id": 14},
        {"image_id": [1], "id": 15, "caption": "of a list"},
    ]
    names = [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}, {"id": 3, "file_name": "unsaid.jpg"}]
    file = write(tmp_path, "captions_val2017.json", {"images": names, "annotations": annotations})
    assert by_name(file, images) == {"b.jpg": ["a cat", "two cats"], "a.jpg": ["a dog"]}
    found = read_caption_set(file, images)
    assert (found.bad, found.missing) == (3, ())
    assert found.told[0] == "annotation 4: no image has the id 99"


TWO = {"a.jpg": ["a dog, running", "a dog"], "b.jpg": ["a cat"]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", 'file,caption\na.jpg,"a dog, running"\nb.jpg,a cat\na.jpg,a dog\n'),
        ("t.csv", "image,caption\na.jpg,a dog, running\nb.jpg,a cat\na.jpg,a dog\n"),  # nobody quoted it
        ("t.csv", 'a.jpg,"a dog, running"\r\nb.jpg,a cat\r\n\r\na.jpg,a dog'),  # no header
        ("t.csv", '\ufeff"File";"Caption"\na.jpg;a dog, running\nb.jpg;a cat\n./a.jpg;a dog\n'),  # a spreadsheet's
        (
            "results.csv",
            "image_name| comment_number| comment\na.jpg| 0| a dog, running\nb.jpg| 0| a cat\na.jpg| 1| a dog\n",
        ),
        ("t.tsv", "file\tcaption\na.jpg\ta dog, running\nb.jpg\ta cat\na.jpg\ta\tdog\n"),  # a tab too many
        ("Flickr8k.token.txt", "a.jpg#0\ta dog, running\nb.jpg#0\ta cat\na.jpg#1\ta dog\n"),
        (
            "t.jsonl",
            '{"file": "a.jpg", "captions": ["a dog, running", "a dog"]}\n\n{"image": "b.jpg", "caption": "a cat"}',
        ),
        (
            "t.json",
            '[{"image": "x/a.jpg", "caption": ["a dog, running", "a dog"]}, {"file": "b.jpg", "text": "a cat"}]',
        ),
        ("t.json", '{"file": "a.jpg", "captions": ["a dog, running", "a dog"]}\n{"file": "b.jpg", "caption": "a cat"}'),
    ],
)
def test_tables_and_lists(tmp_path: Path, images: Path, name: str, text: str) -> None:
    assert by_name(write(tmp_path, name, text), images) == TWO


def test_a_caption_may_hold_what_separates_the_cells_of_other_tables(tmp_path: Path, images: Path) -> None:
    file = write(tmp_path, "t.csv", "a.jpg,a dog | running\nb.jpg,a cat\n")
    assert by_name(file, images) == {"a.jpg": ["a dog | running"], "b.jpg": ["a cat"]}


def test_bad_rows_are_counted_and_stop_nothing(tmp_path: Path, images: Path) -> None:
    lines = [
        '{"file": "a.jpg", "caption": "a dog"}',
        "not json",
        "[1, 2]",
        '{"file": 7, "caption": "a number"}',
        '{"file": "a.jpg", "caption": 7}',
        '{"file": "a.jpg", "caption": " "}',
        '{"file": "a.jpg", "captions": []}',
        '{"file": "", "caption": "of no name"}',
        '{"file": "a.jpg", "caption": "a number", "id": ' + "9" * 5_000 + "}",
        '{"caption": "of nothing"}',
        '{"file": "nul\\u0000.jpg", "caption": "a NUL"}',
        '{"file": "half\\ud800.jpg", "caption": "half a pair"}',
        '{"file": "b.jpg", "caption": "half \\ud800 a pair"}',
        "[" * 100_000,
    ]
    found = read_caption_set(write(tmp_path, "t.jsonl", "\n".join(lines)), images)
    assert found.captions == ("a dog", "half ��� a pair")
    assert found.bad == 10
    assert found.told[0] == "line 2: not valid JSON"
    assert len(found.missing) == 2
    table = "image_name| comment_number| comment\na.jpg| 0| a dog\nb.jpg| 4   A line with a bar too few .\n"
    found = read_caption_set(write(tmp_path, "results.csv", table), images)
    assert (found.captions, found.bad, found.told) == (("a dog",), 1, ("row 3: 2 of 3 columns",))


def test_a_table_that_is_not_unicode(tmp_path: Path, images: Path) -> None:
    (images / "a.jpg").rename(images / "caf\udce9.jpg")
    file = tmp_path / "t.csv"
    file.write_bytes("file,caption\ncafé.jpg,un café\n".encode("latin-1"))
    found = read_caption_set(file, images)
    assert found.pictures[0].endswith(b"caf\xe9.jpg")
    assert found.captions[0].isprintable()


def test_five_captions_a_picture_count_and_only_so_many_pictures(tmp_path: Path, images: Path) -> None:
    rows = [{"file": "a.jpg", "captions": [str(number) for number in range(7)]}, {"file": "b.jpg", "caption": "b"}]
    file = write(tmp_path, "t.json", rows)
    found = read_caption_set(file, images)
    assert (found.captions, found.surplus) == (("0", "1", "2", "3", "4", "b"), 2)
    assert read_caption_set(file, images, per_picture=0).captions[5:] == ("5", "6", "b")
    assert read_caption_set(file, images, limit=1).captions == ("0", "1", "2", "3", "4")


def test_only_some_pictures(tmp_path: Path, images: Path) -> None:
    found = read_caption_set(write(tmp_path, "dataset_coco.json", KARPATHY), images).only([0, 2])
    assert (found.captions, found.owner.tolist()) == (("a dog", "a small dog", "a hat"), [0, 0, 1])
    assert [path.decode().rpartition("/")[2] for path in found.pictures] == ["a.jpg", "000000000009.jpg"]
    assert found.missing == ("gone.jpg",)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.json", "{", "is not valid JSON"),
        ("t.json", "[" * 100_000, "nested too deeply"),
        ("t.json", f'[{{"file": "a.jpg", "caption": "a dog", "id": {"9" * 5_000}}}]', "an endless number"),
        (
            "t.json",
            '{"images": [{"id": [1]}], "annotations": [{"image_id": 1, "caption": "a"}]}',
            "no image has the id 1",
        ),
        ("t.json", '{"a": 1}', "is not a file of captions"),
        ("t.json", "7", "is not a file of captions"),
        ("t.json", "[]", "holds no captions"),
        ("t.csv", "", "is not a table"),
        ("t.csv", "no delimiter at all\n", "is not a table"),
        ("t.csv", "file,caption\n", "holds no captions"),
        ("t.jsonl", "nonsense", "has no usable caption; line 1: not valid JSON"),
        ("t.csv", "file,caption\nx.jpg,a\ny.jpg,b\n", "none of the 2 pictures"),
    ],
)
def test_what_is_no_set_says_why(tmp_path: Path, images: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read_caption_set(write(tmp_path, name, text), images)
    assert "\n" not in str(caught.value)


def test_wrong_places(tmp_path: Path, images: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_caption_set(tmp_path / "none.csv", images)
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_caption_set(images, images)
    file = write(tmp_path, "t.csv", "file,caption\na.jpg,a\n")
    with pytest.raises(UsageError, match="is not a folder"):
        read_caption_set(file, file)
    with pytest.raises(UsageError, match="no column `split`"):
        read_caption_set(file, images, split="test")
