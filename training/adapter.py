"""The space of `mini`: where what the teacher sees and what the sentence model reads come together.

Two small maps into 256 dimensions, on frozen teachers: one from MobileNetV2's features, one from sentence embeddings.
They learn from captions (CLIP's symmetric InfoNCE), from class names and wider words as texts of a view (positives are
all views that the word is true of), from the teacher's probabilities over all 1,000 names, and from how far apart real
CLIP puts 1,703 nouns. The towers then learn to land where these maps do. Minutes on one core.

    python -m training.adapter WORK
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL.Image import Resampling
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - everyone's name for it

from training.data import Source, TrainingSet, data_folder, tidy
from training.optim import one_cycle
from training.student import DIM
from training.teacher import CLASSES, FEATURES, SIZE, Teacher
from training.texts import PHRASINGS, WIDTH, Sentences, clip_nouns, embed, labels, read_sentences
from training.views import read_shard, shard_file
from training.words import Concept, concepts, imagenet_class, imagenet_names

BATCH = 512
HIDDEN = 1024
LR = 1e-3
TEMPERATURE = 1.5  # of the teacher's guess: softer than it is, since every wrong name also tells something
MOVE = 0.4
NAMES_WEIGHT, ALIKE_WEIGHT, NOUNS_WEIGHT = 1.0, 1.0, 0.2
OWN_LABEL = 0.7  # how often a picture with a class of its own is told by that class and not by the teacher's guess
CAPTION = 0.75  # how often a picture with captions is told by one of them
WIDE = 0.35  # how often a wider word is told


class Adapter(nn.Module):
    """What the teacher sees, and sentence embeddings, to the common space.

    A picture lands between the names that the teacher gives it (ConSE, Norouzi et al., 2014, arXiv:1312.5650), moved by
    what its features say beyond them. So also a class that no training picture shows has its place.

    Args:
        mean, std: of the teacher's features, float32 (1280,).
        names: sentence embeddings of the teacher's 1,000 classes, float32 (1000, 384).
    """

    def __init__(self, mean: Tensor, std: Tensor, names: Tensor) -> None:
        super().__init__()
        self.mean, self.std, self.names = nn.Buffer(mean), nn.Buffer(std), nn.Buffer(names)
        self.direct = nn.Linear(FEATURES, DIM)
        self.deep = nn.Sequential(
            nn.Dropout(0.1), nn.Linear(FEATURES, HIDDEN), nn.GELU(), nn.Dropout(0.3), nn.Linear(HIDDEN, DIM)
        )
        self.sentences = nn.Linear(WIDTH, DIM)
        self.meanings = nn.Sequential(nn.Dropout(0.1), nn.Linear(WIDTH, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, DIM))
        self.logit_scale = nn.Parameter(torch.tensor(math.log(20.0)))

    def see(self, features: Tensor, logits: Tensor) -> Tensor:
        """Unit vectors float32 (n, 256) of the teacher's features (n, 1280) and logits (n, 1000)."""
        scaled = (features - self.mean) / self.std
        move = self.direct(scaled) + self.deep(scaled)
        between = (logits / TEMPERATURE).softmax(1) @ self.read(self.names)
        # At most MOVE long: it decides where the teacher is unsure, and only corrects where it is not.
        return F.normalize(between + MOVE * move / (1 + move.norm(dim=1, keepdim=True)), dim=1)

    def read(self, sentences: Tensor) -> Tensor:
        """Unit vectors float32 (n, 256) of sentence embeddings (n, 384)."""
        return F.normalize(self.sentences(sentences) + self.meanings(sentences), dim=1)


@dataclass(frozen=True, slots=True)
class Words:
    """Concepts as matrices.

    Attributes:
        vectors: embeddings of every concept in every phrasing, (concepts, phrasings, 384).
        members: which classes each is true of, bfloat16 (concepts, classes): the teacher's 1,000, then Caltech's.
        own, wide: concepts that are a class's own names, or wider words; see `Choices`.
    """

    vectors: Tensor
    members: Tensor
    own: "Choices"
    wide: "Choices"

    def class_names(self) -> Tensor:
        """The mean embedding of each of the teacher's classes, of all its names in all phrasings, (1000, 384)."""
        of_concept = self.vectors.mean(1)
        pairs = zip(self.own.rows[: CLASSES - 1], self.own.counts, strict=False)
        return torch.stack([of_concept[rows[:count]].mean(0) for rows, count in pairs])


@dataclass(frozen=True, slots=True)
class Choices:
    """For every class some concepts, to draw one from.

    Attributes:
        rows: concepts, int64 (classes, most), each line filled up with its first.
        counts: how many there are, int64 (classes,); 0 where the line means nothing.
    """

    rows: Tensor
    counts: Tensor

    def draw(self, classes: Tensor) -> Tensor:
        """One concept for each of the classes, int64 (n,)."""
        counts = self.counts[classes]
        return self.rows[classes, (torch.rand(len(classes)) * counts).long()]


def choices(members: Tensor, among: Tensor) -> Choices:
    """The concepts of every class, among some of them."""
    found = [torch.nonzero(column & among)[:, 0] for column in members.bool().T]
    most = max(len(one) for one in found)
    rows = torch.stack([F.pad(one, (0, most - len(one)), value=int(one[0]) if len(one) else 0) for one in found])
    return Choices(rows, torch.tensor([len(one) for one in found]))


@dataclass(frozen=True, slots=True)
class Views:
    """Everything the teacher saw.

    Attributes:
        features: float16 (n, 1280).
        classes: probabilities over the teacher's classes and Caltech's, float16 (n, classes).
        logits: the teacher's over its 1,000 classes, float16 (n, 1000).
        own: which of Caltech's classes is the view's own, -1 for none, (n,).
        captions: rows into the sentences, (n, 5), -1 for a view without.
    """

    features: Tensor
    classes: Tensor
    logits: Tensor
    own: Tensor
    captions: Tensor


def load_words(data: TrainingSet, sentences: Sentences) -> Words:
    """The concepts with their embeddings."""
    row = {text: number for number, text in enumerate(sentences.texts)}
    all_labels = [imagenet_class(number) for number in range(CLASSES - 1)] + labels(data.samples)
    column = {label: number for number, label in enumerate(all_labels)}
    said: list[Concept] = concepts(data.folder / "teacher" / "imagenet_labels.txt", labels(data.samples))
    rows = np.array([[row[phrasing.format(one.text)] for phrasing in PHRASINGS] for one in said])
    members = torch.zeros(len(said), len(column))
    for number, one in enumerate(said):
        members[number, [column[label] for label in one.classes]] = 1.0
    wide = torch.tensor([one.wide for one in said])
    vectors = torch.from_numpy(sentences.vectors[rows]).float()
    return Words(vectors, members.bfloat16(), own=choices(members, ~wide), wide=choices(members, wide))


def load_views(work: Path, data: TrainingSet, sentences: Sentences, shards: int) -> Views:
    """The shards without their pixels."""
    row = {text: number for number, text in enumerate(sentences.texts)}
    column = {label: number for number, label in enumerate(labels(data.samples))}
    own = torch.tensor([column.get(one.label, -1) if one.source is Source.CALTECH else -1 for one in data.samples])
    captions = torch.full((len(data.samples), 5), -1)
    for number, one in enumerate(data.samples):
        if one.captions and not one.held_out:
            captions[number] = torch.tensor([row[tidy(caption)] for caption in one.captions])
    parts = [read_shard(shard_file(work, number), pixels=False) for number in range(shards)]
    sample = torch.from_numpy(np.concatenate([part.sample for part in parts])).long()
    mixed = torch.from_numpy(np.concatenate([part.mixed for part in parts]))
    logits = torch.from_numpy(np.concatenate([part.logits for part in parts])).float()[:, 1:]
    seen, views_captions = own[sample], captions[sample]
    seen[mixed], views_captions[mixed] = -1, -1
    classes = torch.zeros(len(sample), CLASSES - 1 + len(column), dtype=torch.float16)
    classes[:, : CLASSES - 1] = logits.softmax(1).half()
    labelled = seen >= 0
    classes[labelled, CLASSES - 1 + seen[labelled]] = 1.0
    features = torch.from_numpy(np.concatenate([part.features for part in parts]))
    return Views(features, classes, logits.half(), seen, views_captions)


def texts_of(views: Views, rows: Tensor, words: Words, sentences: Tensor) -> tuple[Tensor, Tensor]:
    """A text for each view, and which views it is true of: embeddings (n, 384), positives (n views, n texts)."""
    classes = views.classes[rows].float()
    own, captions = views.own[rows], views.captions[rows]
    guess = torch.multinomial(classes[:, : CLASSES - 1].clamp_min(1e-8), 1)[:, 0]
    take_own = (own >= 0) & (torch.rand(len(rows)) < OWN_LABEL)
    chosen = torch.where(take_own, CLASSES - 1 + own, guess)
    go_wide = (torch.rand(len(rows)) < WIDE) & (words.wide.counts[chosen] > 0)
    concept = torch.where(go_wide, words.wide.draw(chosen), words.own.draw(chosen))
    phrasing = torch.randint(len(PHRASINGS), (len(rows),))
    vectors = words.vectors[concept, phrasing]
    true = (views.classes[rows].bfloat16() @ words.members[concept].T).float()
    by_caption = (captions[:, 0] >= 0) & (torch.rand(len(rows)) < CAPTION)
    picked = captions[torch.arange(len(rows)), torch.randint(5, (len(rows),))]
    vectors[by_caption] = sentences[picked[by_caption]].float()
    same = captions[:, :1] == captions[:, 0]
    true[:, by_caption] = same[:, by_caption].float()
    return vectors, (true * (true > 0.2)).clamp(max=1.0)


def symmetric(scores: Tensor, positives: Tensor) -> Tensor:
    """CLIP's loss with any number of positives a row and a column: cross entropy against their shares."""
    losses = []
    for rows, wanted in ((scores, positives), (scores.T, positives.T)):
        total = wanted.sum(1, keepdim=True)
        target = wanted / total.clamp_min(1e-6)
        losses.append(-(target * rows.log_softmax(1)).sum(1)[total[:, 0] > 0].mean())
    return torch.stack(losses).mean()


def unlike(scores: Tensor, wanted: Tensor) -> Tensor:
    """1 less the correlation along each row (Huang et al., 2022, arXiv:2205.10536), the mean of all rows.

    Every class takes part, not only the few that are likely: that is how a class is learned that no picture shows.
    """
    ours, theirs = scores - scores.mean(1, keepdim=True), wanted - wanted.mean(1, keepdim=True)
    return 1 - F.cosine_similarity(ours, theirs, dim=1).mean()


class Lessons:
    """The losses on one batch.

    Args:
        data: where CLIP's nouns are.
        views, words: what there is to see and to say.
        sentences: embeddings of every text, (n, 384).
    """

    def __init__(self, data: TrainingSet, views: Views, words: Words, sentences: Sentences) -> None:
        self.views, self.words = views, words
        self.sentences = torch.from_numpy(sentences.vectors)
        row = {text: number for number, text in enumerate(sentences.texts)}
        texts, clip = clip_nouns(data.folder)
        self._noun_rows = torch.tensor([row[text] for text in texts])
        self._clip = F.normalize(torch.from_numpy(clip - clip.mean(0)), dim=1)

    def loss(self, adapter: Adapter, rows: Tensor) -> Tensor:
        """Of one batch of views."""
        scale = adapter.logit_scale.exp().clamp(max=100.0)
        wanted = self.views.logits[rows].float()
        seen = adapter.see(self.views.features[rows].float(), wanted)
        texts, positives = texts_of(self.views, rows, self.words, self.sentences)
        told = symmetric(scale * seen @ adapter.read(texts).T, positives)
        names = self.words.own.draw(torch.arange(CLASSES - 1))
        phrasing = torch.randint(len(PHRASINGS), (len(names),))
        scores = scale * seen @ adapter.read(self.words.vectors[names, phrasing]).T
        named = F.kl_div(scores.float().log_softmax(1), wanted.softmax(1), reduction="batchmean")
        alike = unlike(scores.float(), wanted)
        return told + NAMES_WEIGHT * named + ALIKE_WEIGHT * alike + NOUNS_WEIGHT * self._as_clip(adapter)

    def _as_clip(self, adapter: Adapter) -> Tensor:
        """Nouns that CLIP puts close together come close together: its pictures, not its grammar, say what is alike."""
        some = torch.randperm(len(self._noun_rows))[:256]
        ours = adapter.read(self.sentences[self._noun_rows[some]].float())
        theirs = self._clip[some]
        apart = ~torch.eye(len(some), dtype=torch.bool)
        wanted = ((theirs @ theirs.T) / 0.1)[apart].view(len(some), -1)
        found = ((ours @ ours.T) / 0.1)[apart].view(len(some), -1)
        return F.kl_div(found.log_softmax(1), wanted.softmax(1), reduction="batchmean")


def held_out_answers(work: Path, data: TrainingSet) -> tuple[Tensor, Tensor]:
    """What the teacher says of the middle of every held-out picture: features (n, 1280), logits (n, 1000)."""
    path = work / "held_out.npz"
    if not path.is_file():
        teacher = Teacher(data.folder / "teacher")
        found = []
        for sample in data.samples:
            if sample.held_out:
                image = data.image(sample)
                side = min(image.size)
                left, top = (image.width - side) / 2, (image.height - side) / 2
                fitted = image.resize((SIZE, SIZE), Resampling.BICUBIC, box=(left, top, left + side, top + side))
                found.append(teacher.see(np.asarray(fitted)[None]))
        features, logits = (np.concatenate(part) for part in zip(*found, strict=True))
        np.savez(path, features=features, logits=logits[:, 1:])
    with np.load(path) as file:
        return torch.from_numpy(file["features"]), torch.from_numpy(file["logits"])


class Examiner:
    """Measures the adapter on held-out pictures: the most that the student can hope for."""

    def __init__(self, work: Path, data: TrainingSet, sentences: Sentences) -> None:
        held = [sample for sample in data.samples if sample.held_out]
        self._answers = held_out_answers(work, data)
        self._pictures = torch.tensor([one.source is Source.IMAGENET for one in held])
        self._captioned = torch.tensor([bool(one.captions) for one in held])
        names = imagenet_names(data.folder / "teacher" / "imagenet_labels.txt")
        number = {own[0]: place for place, own in reversed(list(enumerate(names)))}
        self._truth = torch.tensor([number[one.label] for one in held if one.source is Source.IMAGENET])
        row = {text: place for place, text in enumerate(sentences.texts)}
        prompts = np.array([row[f"a photo of a {own[0].lower()}"] for own in names])
        self._prompts = torch.from_numpy(sentences.vectors[prompts]).float()
        captions = [tidy(caption) for one in held for caption in one.captions]
        self._captions = torch.from_numpy(embed(captions)).float()

    def report(self, adapter: Adapter) -> str:
        """R@k among the held-out captioned pictures, and zero-shot top-1 and top-5 over 1,000 names."""
        with torch.no_grad():
            seen, names = adapter.see(*self._answers), adapter.read(self._prompts)
            order = (seen[self._pictures] @ names.T).argsort(1, descending=True)
            top = [(order[:, :k] == self._truth[:, None]).any(1).float().mean().item() for k in (1, 5)]
            scores = adapter.read(self._captions) @ seen[self._captioned].T
            own = torch.arange(len(scores)) // 5
            rank = (scores > scores[torch.arange(len(scores)), own][:, None]).sum(1)
            recall = [(rank < k).float().mean().item() for k in (1, 5, 10)]
        figures = " ".join(f"{value:.2f}" for value in (*recall, *top))
        return f"R@1/5/10 top-1/5 {figures}; scale {adapter.logit_scale.exp().item():.1f}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("work", type=Path)
    parser.add_argument("--shards", type=int, default=14)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    data, sentences = TrainingSet(data_folder()), read_sentences(given.work)
    words, views = load_words(data, sentences), load_views(given.work, data, sentences, given.shards)
    lessons = Lessons(data, views, words, sentences)
    examiner = Examiner(given.work, data, sentences)
    sample = views.features[:: max(1, len(views.features) // 20_000)].float()
    adapter = Adapter(sample.mean(0), sample.std(0) + 1e-3, words.class_names())
    optimizer = torch.optim.AdamW(adapter.parameters(), lr=LR, weight_decay=0.05)
    for step in range(given.steps):
        for group in optimizer.param_groups:
            group["lr"] = LR * one_cycle(step / given.steps)
        rows = torch.randint(len(views.features), (BATCH,))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = lessons.loss(adapter, rows)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 250 == 249:
            adapter.eval()
            print(f"step {step + 1}: loss {loss.item():.3f}; {examiner.report(adapter)}", flush=True)
            adapter.train()
    torch.save(adapter.state_dict(), given.work / "adapter.pt")


if __name__ == "__main__":
    main()
