"""Zero-shot labels: the arithmetic of the paper, templates, sets of labels, and "none of these"."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import UsageError
from core.indexing import Progress
from searcher.label_sets import SETS, LabelSet, find_set, make_set, split_words
from searcher.labels import ALIKE, OTHERS, Judge, Label, count_labels, label_vectors, make_judge, without_nearest
from searcher.templates import THINGS, check_templates, fill
from tests.fakes import FakeEncoder
from tests.searcher.memory import unit

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORDED_AS = {"automobile": "car_(automobile)", "ship": "boat"}
NOBODY = np.empty((0, 3), np.float32)


def silent(_progress: Progress, /) -> None:
    pass


def axes(n: int, dim: int = 3) -> np.ndarray:
    return np.eye(n, dim, dtype=np.float32)


def test_a_label_is_the_unit_mean_of_its_sentences() -> None:
    encoder = FakeEncoder()
    labels = make_set("mine", ["red", "thing"], ["a {}.", "the {}", "{}"])
    heard: list[Progress] = []
    vectors = label_vectors(encoder, labels, heard.append)
    for row, label in zip(vectors, labels.labels, strict=True):
        mean = encoder.encode_texts([f"a {label}.", f"the {label}", label]).astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(row, mean / np.linalg.norm(mean), atol=1e-6)
    assert (vectors.shape, vectors.dtype) == ((2, 48), np.float32)
    assert heard == [Progress("labels", 0, 2)]


def test_many_labels_are_encoded_in_parts_that_fit_together() -> None:
    names = [f"word{n}" for n in range(150)]
    encoder = FakeEncoder()
    whole = label_vectors(encoder, make_set("mine", names), silent)
    alone = label_vectors(encoder, make_set("mine", names[100:101]), silent)
    np.testing.assert_allclose(whole[100:101], alone, atol=1e-6)


def test_probabilities_are_a_softmax_of_scaled_cosines() -> None:
    judge = Judge(("a", "b"), axes(2), 10.0, NOBODY)
    pictures = np.array([[0.8, 0.6, 0.0], [0.0, 0.0, 1.0]], np.float32)
    (first, second) = judge.best(pictures, 2)
    expected = 1 / (1 + np.exp(-2.0))
    assert [label.name for label in first] == ["a", "b"]
    assert (first[0].score, first[0].probability) == (0.8, pytest.approx(expected, abs=1e-6))
    assert sum(label.probability or 0 for label in first) == pytest.approx(1.0, abs=1e-5)
    assert [label.probability for label in second] == [0.5, 0.5]
    assert judge.best(pictures, 1)[0] == first[:1]


def test_others_take_their_share() -> None:
    judge = Judge(("a",), axes(1), 10.0, axes(3)[1:])
    ((label,),) = judge.best(np.array([[0.0, 1.0, 0.0]], np.float32), 5)
    assert label.probability == pytest.approx(1 / (1 + np.exp(10.0) + 1), abs=1e-6)


def test_large_scales_do_not_overflow() -> None:
    judge = Judge(("a", "b"), axes(2), 1e6, axes(3)[2:])
    assert [label.probability for label in judge.best(axes(1), 2)[0]] == [1.0, 0.0]


def test_without_a_scale_there_are_cosines_only() -> None:
    judge = Judge(("a", "b"), axes(2), None, NOBODY)
    assert judge.best(axes(1), 1) == [(Label("a", 1.0, None),)]
    with pytest.raises(ValueError, match="scale"):
        judge.fitting(np.array([7]), axes(1), 0.3)


def test_fitting_names_every_label_from_a_probability_on() -> None:
    judge = Judge(("a", "b", "c"), axes(3), 5.0, NOBODY)
    pictures = unit(np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1]], np.float32))
    block = judge.fitting(np.array([70, 80, 90]), pictures, 0.4)
    assert list(zip(block.at.tolist(), block.labels.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0)]
    assert block.images.tolist() == [70, 80, 90]
    np.testing.assert_allclose(block.scores[:2], 0.4927, atol=1e-3)
    counts = np.zeros(3, np.int64)
    assert list(count_labels([block], counts)) == [block]
    assert counts.tolist() == [2, 1, 0]


def test_none_of_these_leaves_out_what_means_a_label() -> None:
    rng = np.random.default_rng(0)
    others = unit(rng.standard_normal((40, 8)).astype(np.float32))
    labels = unit(others[:2] + 0.01)
    kept = without_nearest(others, labels)
    assert len(others) - 2 * ALIKE <= len(kept) <= len(others) - ALIKE
    for label in labels:
        cosines = np.sort(others @ label)[::-1]
        assert (kept @ label).max() <= cosines[ALIKE]


def test_the_judge_of_a_set_has_others_only_if_asked() -> None:
    encoder = FakeEncoder()
    asked: list[str] = []

    def vectors_of(labels: LabelSet) -> np.ndarray:
        asked.append(labels.name)
        return label_vectors(encoder, labels, silent)

    labels = make_set("mine", ["red", "blue"])
    assert len(make_judge(labels, scale=100.0, or_none=False, vectors_of=vectors_of).others) == 0
    assert asked == ["mine"]
    judge = make_judge(labels, scale=100.0, or_none=True, vectors_of=vectors_of)
    assert len(OTHERS.labels) - 2 * ALIKE <= len(judge.others) < len(OTHERS.labels)


@pytest.mark.parametrize("name", SETS)
def test_built_in_sets_are_sound(name: str) -> None:
    labels = SETS[name]
    assert make_set("copy", labels.labels, labels.templates).labels == labels.labels  # tidy, and each only once
    assert labels.about
    assert find_set(f" {name.upper()} ") is labels
    assert sum("," in label or "{" in label for label in labels.labels) == 0


def test_sets_of_ones_own() -> None:
    assert make_set(" Mine ", [" polar  bear ", "Cat", "CAT"]) == LabelSet("Mine", ("polar bear", "Cat"), THINGS)
    assert split_words("cat, polar bear,,\nCat ,") == ("cat", "polar bear", "Cat")
    for make, said in (
        (lambda: make_set("mine", []), "no labels"),
        (lambda: make_set("mine", [" "]), "empty"),
        (lambda: make_set("User", ["a"]), "by hand"),
        (lambda: make_set("Objects", ["a"]), "built in"),
        (lambda: make_set("mine", map(str, range(10_001))), "too many"),
        (lambda: make_set("mine", ["a"], []), "no template"),
        (lambda: make_set("mine", ["a"], ["a photo"]), "one {}"),
        (lambda: find_set("object"), "did you mean objects"),
        (lambda: find_set("xyz"), "there are objects, scenes"),
    ):
        with pytest.raises(UsageError, match=said):
            make()


def test_templates_put_the_label_in_as_it_is() -> None:
    assert fill("a {}.", "{0} {}") == "a {0} {}."
    assert check_templates(["{}"]) == ("{}",)
    with pytest.raises(UsageError, match="has not"):
        check_templates(["{} and {}"])


def test_the_recorded_clip_tells_ten_classes_apart(test_data: Path) -> None:
    """OpenAI's ViT-B/32 over 500 CIFAR-10 pictures; its recorded texts know the one template "a X"."""
    folder = test_data / "clip-vectors"
    with np.load(folder / "vectors.npz") as data:
        names = [str(name) for name in data["image_names"]]
        texts = dict(zip(map(str, data["text"]), unit(data["text_vectors"].astype(np.float32)), strict=True))
        images = unit(data["image_vectors"].astype(np.float32))
    rows = [row for row, name in enumerate(names) if name.startswith("cifar10_")]
    right = [names[row].removesuffix(".png").split("_")[-1] for row in rows]
    vectors = np.stack([texts["a " + RECORDED_AS.get(name, name)] for name in CLASSES])
    found = Judge(CLASSES, vectors, 100.0, images[:0]).best(images[rows], 1)
    sure = [label.name == name for (label,), name in zip(found, right, strict=True) if (label.probability or 0) > 0.9]
    assert np.mean([label.name == name for (label,), name in zip(found, right, strict=True)]) >= 0.88
    assert np.mean(sure) >= 0.97  # what it is sure of, it is right about
    assert len(sure) >= 200
