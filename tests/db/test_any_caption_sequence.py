"""As test_any_sequence, of pictures with captions: what can be found is what the live pictures say, at every moment."""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from core.models import VectorKind
from core.pictures import Caption, CaptionSource
from db import open_reader
from tests.db.captioning import embed, imported
from tests.db.making import FACTS, content, unit
from tests.db.test_any_sequence import TEXTS, AnySequence


class AnyCaptionSequence(AnySequence):
    """Every file of a content says the same of it, and one thing that all say; some pictures were captioned by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.by_hand: set[str] = set()  # contents
        for text in TEXTS:
            found = (Caption(f"of {text}", CaptionSource.EXIF), Caption("OLYMPUS DIGITAL CAMERA", CaptionSource.EXIF))
            self.disk.facts[text] = replace(FACTS, captions=found)
            self.put(b"/r/a/0" if text == "one" else b"/r/b/0", text)
        self.run(prune=False, batch=5)
        self.embed_captions(batch=3)

    # What has nothing to do with captions would only take their turns.
    compact = write_columns = None

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def caption_by_hand(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.known)))
        with open_reader(self.library) as reader:
            image_id = reader.images_at_paths([path])[path]
        self.writer.add_captions({image_id: (imported(f"by hand: {self.known[path]}"),)})
        self.by_hand.add(self.known[path])

    @rule(batch=st.integers(1, 3))
    def embed_captions(self, batch: int) -> None:
        for space in self.writer.spaces():
            embed(self.writer, space, batch=batch)
            assert self.writer.count_unembedded(space) == 0

    @rule()
    def compact_captions(self) -> None:
        for space in self.writer.spaces():
            self.writer.compact(space, VectorKind.CAPTION)

    def _expect_judgement(self, *, prune: bool) -> None:
        super()._expect_judgement(prune=prune)
        if prune:
            self._drop_orphans()

    @rule(path=st.sampled_from([b"/r/a/1", b"/r/b"]))
    def forget_some(self, path: bytes) -> None:
        self.forget(path)

    def forget(self, path: bytes) -> None:
        super().forget(path)
        self._drop_orphans()

    def _drop_orphans(self) -> None:
        """What was said of a picture by hand stays while any file has it, hidden or not."""
        self.by_hand &= set((self.known | self.hidden).values())

    @invariant()
    def what_live_pictures_say_is_found_or_waits_for_its_vector(self) -> None:
        if not self.writer.spaces():
            return
        live = set(self.known.values())
        said = {f"of {text}" for text in live} | {f"by hand: {text}" for text in live & self.by_hand}
        said |= {"OLYMPUS DIGITAL CAMERA"} if live else set()
        with open_reader(self.library) as reader:
            space = reader.active_space()
            found = reader.search_captions(space, unit("anything"), 100)
            waiting = {text for _, text in self.writer.unembedded_texts(space)}
            assert sorted([one.text for one in found] + list(waiting)) == sorted(said)
            for one in found:
                assert reader.search_captions(space, unit(f"fake:{one.text}"), 1)[0].text == one.text
            hashes = {content(text) for text in live}
            assert {p.content_hash for p in reader.pictures(space, range(100))} == hashes


AnyCaptionSequence.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestAnyCaptionSequence = AnyCaptionSequence.TestCase
