"""Invariant 8: the model is pinned; another one is built beside it, and takes over in one step."""

from pathlib import Path

import pytest

from core.errors import LibraryNotFound, ProblemKind, UsageError, WrongModel
from core.models import EncoderInfo, Preprocess, VectorKind
from db import LibraryWriter, open_reader
from db.records import CommitCounts, SpaceState
from db.remembered import encoder_from_json, encoder_to_json
from tests.db.making import Disk, index, model, unit


def test_the_first_model_is_pinned(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    space = writer.use_space(model())
    assert (space.state, space.name, space.dim, space.encoder) == (SpaceState.ACTIVE, "fake", 16, model())
    assert writer.use_space(model()).id == space.id
    with pytest.raises(WrongModel, match="holds vectors of fake"):
        writer.use_space(model("other"))
    assert [s.id for s in writer.spaces()] == [space.id]


def test_an_encoder_is_remembered_whole() -> None:
    info = EncoderInfo("ViT", 512, Preprocess(224, 200, "longest", "bilinear", fill=3), "ab", None, 77, ("en", "de"))
    again = encoder_from_json(encoder_to_json(info))
    assert again == info
    assert again.identity == info.identity


def test_folders_are_named_after_the_model(writer: LibraryWriter, library: Path) -> None:
    writer.use_space(model("hf-hub:timm/ViT-B-16 SigLIP2"))
    writer.begin_space(model("../../evil"))
    folders = sorted(path.relative_to(library / "spaces").as_posix() for path in library.rglob("image"))
    assert folders == ["evil/image", "hf-hub-timm-vit-b-16-siglip2/image"]


def test_the_swap(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(6):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p")
    old = writer.use_space(model())
    new = writer.begin_space(model("new", 8))
    assert new.state is SpaceState.BUILDING
    assert writer.begin_space(model("new", 8)) == new
    with pytest.raises(UsageError, match="changing to new already"):
        writer.begin_space(model("third", 8))
    assert writer.unfilled(new.id) == 6
    assert not writer.finish_space(new.id)  # not one vector yet
    # new pictures go into both; what the old one has is filled in
    disk.put(b"/p/6")
    disk.broken = {b"/p/3": ProblemKind.IO_ERROR}
    counts, _ = index(writer, disk, b"/p", spaces=[old, new])
    assert counts == CommitCounts(added=1, unchanged=5, skipped=1, embedded=7)
    assert writer.unfilled(new.id) == 1
    assert not writer.finish_space(new.id)
    with open_reader(library) as reader:  # the old one answers
        assert reader.active_space().id == old.id
        assert reader.counts(old).pictures == reader.counts(old).indexed == 7
        assert (reader.counts(new).indexed, reader.counts(new).waiting) == (6, 1)
        disk.broken = {}
        index(writer, disk, b"/p", spaces=[old, new])
        assert writer.finish_space(new.id)
        assert reader.active_space().id == old.id  # its snapshot does not move
        assert reader.search(old, unit("fake:/p/2"), 1).scores[0] > 0.999
    with open_reader(library) as reader:
        assert reader.active_space().id == new.id
        hit = reader.search(new, unit("new:/p/2", 8), 1)
        assert reader.pictures(new, hit.rows)[0].path == b"/p/2"
    assert [(s.id, s.state) for s in writer.spaces()] == [(old.id, SpaceState.RETIRED), (new.id, SpaceState.ACTIVE)]
    # nothing of the old one was deleted before, and all of it is when asked
    assert (library / "spaces" / old.slug).is_dir()
    with pytest.raises(WrongModel):
        writer.use_space(model())
    assert writer.drop_space(old.id) > 4096
    assert not (library / "spaces" / old.slug).exists()
    assert [s.id for s in writer.spaces()] == [new.id]
    with pytest.raises(UsageError, match="answers queries"):
        writer.drop_space(new.id)


def test_pictures_without_a_vector_do_not_hold_the_swap_up(writer: LibraryWriter, disk: Disk) -> None:
    """Only what can be found today must be found after the swap."""
    for number in range(20):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p")
    del disk.files[b"/p/0"]
    index(writer, disk, b"/p")  # hidden
    old, new = writer.use_space(model()), writer.begin_space(model("new"))
    index(writer, disk, b"/p", spaces=[old, new])
    assert writer.finish_space(new.id)


def test_going_back_to_the_old_model(writer: LibraryWriter, disk: Disk) -> None:
    disk.put(b"/p/a")
    index(writer, disk, b"/p")
    old, new = writer.use_space(model()), writer.begin_space(model("new"))
    index(writer, disk, b"/p", spaces=[old, new])
    assert writer.finish_space(new.id)
    again = writer.begin_space(model())
    assert (again.id, again.state) == (old.id, SpaceState.BUILDING)
    assert writer.finish_space(old.id)  # its vectors were still there


def test_a_half_built_space_can_be_given_up(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/a")
    index(writer, disk, b"/p")
    new = writer.begin_space(model("new"))
    index(writer, disk, b"/p", spaces=[writer.use_space(model()), new])
    writer.drop_space(new.id)
    with open_reader(library) as reader:
        assert reader.counts(reader.active_space()).indexed == 1
        assert [space.name for space in reader.spaces()] == ["fake"]


def test_unknown_spaces(writer: LibraryWriter, library: Path) -> None:
    with pytest.raises(UsageError, match="no space 7"):
        writer.drop_space(7)
    with open_reader(library) as reader, pytest.raises(LibraryNotFound):
        reader.active_space()


def test_generations_say_what_they_hold(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(20):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p")
    del disk.files[b"/p/0"]
    index(writer, disk, b"/p")
    with open_reader(library) as reader:
        generation = reader.generation(reader.active_space())
        assert (generation.kind, generation.number) == (VectorKind.IMAGE, 1)
        assert (generation.committed_rows, generation.live_rows) == (20, 19)
        assert (generation.index, generation.columns_rows) == (None, 0)
