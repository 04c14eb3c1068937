"""Looking after a library: what it holds and how it is, repair, another model, vectors in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.indexing import silent
from core.paths import absolute
from semantic_image_search.arguments import device_of
from semantic_image_search.library.opened import OpenedLibrary

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from core.indexing import IndexReport, Problem, ProgressListener
    from core.models import Device
    from core.optimizing import OptimizeReport
    from db.records import Finding, SpaceInfo
    from semantic_image_search.glance import LibraryGlance
    from semantic_image_search.status import LibraryStatus, SpaceStatus


class Upkeep(OpenedLibrary):
    """What keeps a library as it should be."""

    def status(self) -> LibraryStatus:
        """Roots, spaces, counts and disk use.

        Raises:
            LibraryNotFound: nothing has been indexed yet.
        """
        from db import open_reader
        from semantic_image_search.status import read_status

        with open_reader(self.path) as reader:
            return read_status(reader, self._settings)

    def glance(self) -> LibraryGlance:
        """Counts, roots, notices, and whether anybody writes: cheap enough to be asked for every few seconds.

        Raises:
            LibraryNotFound: nothing has been indexed yet.
        """
        from semantic_image_search.glance import read_glance

        with self._reader() as reader:
            return read_glance(reader)

    def spaces(self) -> tuple[SpaceStatus, ...]:
        """Every embedding space and how far it has come, the active one first.

        Raises:
            LibraryNotFound: nothing has been indexed yet.
        """
        from semantic_image_search.status import read_spaces

        with self._reader() as reader:
            return read_spaces(reader, self._settings)

    def folders(self) -> tuple[bytes, ...]:
        """The folders (or single files) that are indexed, absolute, by path; nothing is counted, as `status` does.

        Raises:
            LibraryNotFound: nothing has been indexed yet.
        """
        with self._reader() as reader:
            return reader.root_paths()

    def problems(self) -> list[Problem]:
        """Every file that could not be read, with the reason."""
        from db import open_reader

        with open_reader(self.path) as reader:
            return list(reader.problems())

    def optimize(
        self,
        *,
        recall: float | None = None,
        device: Device | str | None = None,
        wait_s: float = 0.0,
        listener: ProgressListener | None = None,
    ) -> OptimizeReport:
        """Leave dead rows behind, train the vector index anew and measure it, write the filter columns.

        `index` does what is due of this by itself. The old index answers until the new one is written; stopped in
        between, it stays. With fewer than `exact_below` pictures there is no index, and search is exact.

        Args:
            recall: recall@10 to reach, 0.5 to 0.999, remembered with the index; None: the setting, or what it aims at.
            device: `cuda`, `cpu`, or `auto`: the GPUs where faiss can use any; None: `auto`. Models have their own.
            wait_s: how long to wait for another process that is writing, in seconds.
            listener: called with `Progress`.

        Raises:
            UsageError: a recall out of range.
            DeviceError: the device asked for by name is not there.
            LibraryNotFound, LibraryLocked: nothing was indexed yet, or another process is writing.
            LibraryDamaged: vectors are damaged; `doctor(fix=True)` first.
            StorageFull: no space for the new files; the old ones stay.
        """
        from semantic_image_search.optimize import optimize_library

        hear = listener or silent
        return optimize_library(self, recall=recall, device=device_of(device), wait_s=wait_s, listener=hear)

    def forget(self, path: str | bytes | os.PathLike[str]) -> int:
        """Take a file, or all files below a folder, out of the library for good; says how many.

        Captions, thumbnails and what a reranker saw go at once. The file is not touched; later runs leave it out.
        """
        from db import open_writer

        self._must_exist()
        with open_writer(self.path, command="forget") as writer:
            return writer.forget(absolute(path))

    def unforget(self, path: str | bytes | os.PathLike[str]) -> int:
        """Undo `forget`; the next `index` embeds the files anew. Says how many are let in again."""
        from db import open_writer

        self._must_exist()
        with open_writer(self.path, command="forget --undo") as writer:
            return writer.unforget(absolute(path))

    def doctor(self, *, fix: bool = False) -> list[Finding]:
        """Check every invariant; with `fix`, repair what can be, and return what remains.

        Raises:
            LibraryNotFound: there is nothing to check.
        """
        from db import check_library, fix_library, open_writer

        findings = list(check_library(self.path))
        if not fix or not any(finding.fixable for finding in findings):
            return findings
        with open_writer(self.path, command="doctor --fix") as writer:
            # Looked at again with the lock held: another writer may have been at work until now, and mending what
            # was true a moment ago would cost good rows.
            fix_library(writer, check_library(self.path))
        return list(check_library(self.path))

    def use_model(self, name: str) -> SpaceInfo:
        """Change the model: the next `index` embeds every picture anew while the present space answers.

        The present model's own name gives up a change that is under way. The state of what is returned says which:
        BUILDING is to be filled, ACTIVE answers already (or, in a library without pictures, from the first on).

        Raises:
            UnknownModel, WeightsMissing, DeviceError: the model cannot be used.
        """
        from db import open_writer
        from db.records import SpaceState

        info = self._encoders.named(name).info
        with open_writer(self.path, command=f"models use {name}") as writer:
            spaces = writer.spaces()
            active = next((space for space in spaces if space.state is SpaceState.ACTIVE), None)
            if active is None:
                return writer.use_space(info)
            if active.identity == info.identity:
                for space in spaces:
                    if space.state is SpaceState.BUILDING:
                        writer.drop_space(space.id)
            return writer.begin_space(info)

    def import_vectors(
        self, vectors: Path, paths: Path, *, model: str, listener: ProgressListener | None = None
    ) -> IndexReport:
        """Take in vectors made elsewhere; raises UsageError where the two files do not fit each other."""
        from semantic_image_search.exchange import import_vectors

        return import_vectors(
            self.path,
            vectors,
            paths,
            model=model,
            exact_below=self._settings.exact_below,
            recall=self._settings.asked_recall,
            workers=self._settings.workers,
            listener=listener or silent,
        )

    def export_vectors(self, out: Path) -> int:
        """Write every vector and path in clip-retrieval's layout below `out`; says how many."""
        from semantic_image_search.exchange import export_vectors

        return export_vectors(self.path, out)

    def _must_exist(self) -> None:
        from db import open_reader

        with open_reader(self.path):
            pass
