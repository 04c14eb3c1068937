"""Where settings come from, and what is said of those that cannot be used."""

from pathlib import Path

import pytest

from core.errors import UsageError
from core.models import Device
from core.settings import DEFAULT_MODEL, Settings, load_settings


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "config.toml"
    monkeypatch.setenv("SEARCH_CONFIG", str(file))
    monkeypatch.delenv("SEARCH_LIBRARY")
    return file


def test_what_is_nearer_wins(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().batch_size == Settings().batch_size == 0
    config.write_text("batch_size = 4\nworkers = 5")
    assert load_settings().batch_size == 4
    monkeypatch.setenv("SEARCH_BATCH_SIZE", "6")
    assert (load_settings().batch_size, load_settings().workers) == (6, 5)
    assert load_settings(batch_size=7, workers=None).batch_size == 7
    assert load_settings(workers=None).workers == 5


def test_an_empty_variable_counts_as_unset(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del config
    default = load_settings().library
    monkeypatch.setenv("SEARCH_LIBRARY", "")
    monkeypatch.setenv("SEARCH_MODEL", "")
    assert (load_settings().library, load_settings().model) == (default, DEFAULT_MODEL)


def test_a_model_is_asked_for_by_whoever_names_it_be_it_the_default(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (load_settings().asked_model, load_settings(model=None).asked_model) == (None, None)
    assert load_settings(model="RN50").asked_model == "RN50"
    config.write_text(f'model = "{DEFAULT_MODEL}"')
    assert load_settings().asked_model == DEFAULT_MODEL
    config.write_text("")
    monkeypatch.setenv("SEARCH_MODEL", "mini")
    assert load_settings().asked_model == "mini"


def test_home_is_meant_by_a_tilde(config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config.write_text('library = "~/pictures"')
    assert load_settings().library == tmp_path / "pictures"
    monkeypatch.setenv("SEARCH_LIBRARY", "~/others")
    assert load_settings().library == tmp_path / "others"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("library =", "is not valid TOML"),
        ("library = 3", "the setting library (SEARCH_LIBRARY, or {}) must be the path of a folder, and is 3"),
        ('model = ""', "the setting model (SEARCH_MODEL, or {}) must not be empty, and is ''"),
        ("workers = -1", "(SEARCH_WORKERS, or {}) must be greater than or equal to 0, and is -1"),
        ("workers = 257", "(SEARCH_WORKERS, or {}) must be less than or equal to 256, and is 257"),
        ("workers = true", "must be a valid integer, and is True"),
        ("exact_below = 1.5", "must be a valid integer, and is 1.5"),
        ("exact_below = inf", "must be a finite number, and is inf"),
        ('recall = "most"', "must be a valid number, and is 'most'"),
        ("recall = 0.4", "must be greater than or equal to 0.5, and is 0.4"),
        ("model = 3", "must be a valid string, and is 3"),
        ('device = "gpu"', "must be 'auto', 'cuda', 'mps' or 'cpu', and is 'gpu'"),
        ("libary = 3", "{} has an unknown setting 'libary': there are library, model,"),
    ],
)
def test_what_cannot_be_used_is_said_in_plain_words(line: str, said: str, config: Path) -> None:
    config.write_text(line)
    with pytest.raises(UsageError) as raised:
        load_settings()
    assert said.format(config) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(config: Path) -> None:
    config.write_bytes(b'model = "\xff"')
    with pytest.raises(UsageError, match=f"settings in {config} cannot be read: it is not UTF-8"):
        load_settings()
    config.unlink()
    config.mkdir()
    with pytest.raises(UsageError, match=f"settings in {config} cannot be read: Is a directory"):
        load_settings()


def test_variables_count_in_any_case_and_say_numbers_as_text(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del config
    monkeypatch.setenv("search_workers", " 3 ")
    monkeypatch.setenv("SEARCH_RECALL", "0.95")
    monkeypatch.setenv("SEARCH_DEVICE", "cpu")
    settings = load_settings()
    assert (settings.workers, settings.asked_recall, settings.device) == (3, 0.95, Device.CPU)
    assert settings.asked >= {"workers", "recall", "device"}
