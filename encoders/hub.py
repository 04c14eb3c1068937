"""The Hugging Face hub and its cache folder: what is cached, and fetching it.

Knows repositories and files, not models (`encoders.weights` knows which files make one). The cache is the one that
every program using the hub shares; its folder is read from the environment at each call (HF_HUB_CACHE, HF_HOME,
XDG_CACHE_HOME), because huggingface_hub itself reads it once, at import. Only `fetch` goes to the network.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from core.disk import is_full
from core.errors import WeightsMissing
from encoders.quiet import quiet

PROBE_TIMEOUT_S = 10.0
"""How long the hub may take to say that a repository exists. After that the hub library does its own retrying."""


def cache_folder() -> Path:
    """Where weights are kept; the folder need not exist."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(variable):
            return Path(os.environ[variable]).expanduser()
    home = os.environ.get("HF_HOME")
    if home:
        return Path(home).expanduser() / "hub"
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches).expanduser() if caches else Path.home() / ".cache") / "huggingface" / "hub"


def repository_folder(repo: str) -> Path:
    """Where the cache keeps one repository."""
    return cache_folder() / f"models--{repo.replace('/', '--')}"


def cached_file(repo: str, name: str) -> Path | None:
    """A file of a repository's main branch as it lies in the cache; None where it does not. Never fetches."""
    # As huggingface_hub looks there; importing it would take a quarter of what a whole query takes.
    folder = repository_folder(repo)
    main = folder / "refs" / "main"
    commit = main.read_text(encoding="utf-8") if main.is_file() else "main"
    path = folder / "snapshots" / commit / name
    return path if path.is_file() else None


def fetch(repo: str, *, one_of: Sequence[str], patterns: Sequence[str], name: str) -> None:
    """Bring files of a repository into the cache, with the hub's progress bars on stderr.

    Args:
        repo: "organisation/repository".
        one_of: file names; the first that the repository has is fetched, and it must have one. Empty: none needed.
        patterns: more files to fetch, as globs, where there are any.
        name: the model's name, for messages.

    Raises:
        WeightsMissing: offline, refused, no such repository or file, or the disk is full; says which.
    """
    try:
        with quiet():
            found = _download(repo, one_of, patterns)
    except Exception as error:  # the hub lets its HTTP library's own errors out, and has changed that library twice
        why = _reason(error, repo)
        raise WeightsMissing(
            f"the weights of {name} are not in {cache_folder()}, and {why}; then run `search models pull {name}`",
            fetchable=name,
            why=why,
        ) from error
    if not found:
        why = f"{repo} on the hub holds none of {', '.join(one_of)}"
        raise WeightsMissing(f"{name} has no weights: {why}", fetchable=name, why=why)


def _download(repo: str, one_of: Sequence[str], patterns: Sequence[str]) -> bool:
    """False where the repository has none of `one_of`; then nothing is fetched."""
    from huggingface_hub import HfApi, snapshot_download

    endpoint = os.environ.get("HF_ENDPOINT") or None
    # First one request that fails at once: the download itself retries for 23 s when there is no network.
    info = HfApi(endpoint=endpoint).model_info(repo, timeout=PROBE_TIMEOUT_S)
    there = {sibling.rfilename for sibling in info.siblings or ()}
    wanted = [file for file in one_of if file in there][:1]
    if one_of and not wanted:
        return False
    snapshot_download(repo, cache_dir=cache_folder(), endpoint=endpoint, allow_patterns=[*wanted, *patterns])
    return True


def _reason(error: Exception, repo: str) -> str:
    """What went wrong and what to do about it, as the middle of a sentence."""
    from huggingface_hub.errors import GatedRepoError, OfflineModeIsEnabled, RepositoryNotFoundError

    where = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    chain = list(_chain(error))
    if any(isinstance(link, OSError) and is_full(link) for link in chain):
        return "there is no space left there: make room"
    if any(isinstance(link, PermissionError) for link in chain):
        return "that folder may not be written to: choose another with HF_HOME"
    if isinstance(error, GatedRepoError):
        return f"{repo} asks you to accept its terms: do so at {where}/{repo} and run `hf auth login`"
    if isinstance(error, RepositoryNotFoundError):
        return f"{where} has no repository {repo} that you may read: check the name"
    if any(isinstance(link, OfflineModeIsEnabled) for link in chain):
        return "HF_HUB_OFFLINE forbids fetching them: unset it"
    return f"{where} cannot be reached ({_first_line(chain[-1])}): go online"


def _chain(error: BaseException) -> list[BaseException]:
    links = [error]
    while (before := links[-1].__cause__ or links[-1].__context__) is not None and before not in links:
        links.append(before)
    return links


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
