from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import SpecError
from tuner.places import Uri, place_of, without_credentials

SERVED = "s3://key:hush@bucket/a/b?endpoint_override=http%3A%2F%2Fhost%3A9000&scheme=http"


def uri(text: str) -> Uri:
    place = place_of(text)
    assert isinstance(place, Uri)
    return place


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("file:///tmp/a%20b", "/tmp/a b"),
        ("file://localhost/tmp/x", "/tmp/x"),
        ("results", "results"),
        ("/s3:/x", "/s3:/x"),
        (Path("~/x"), str(Path("~/x").expanduser())),
    ],
)
def test_what_is_a_folder_of_this_machine(given: str | Path, path: str) -> None:
    assert place_of(given) == Path(path)


def test_a_file_uri_of_another_host_is_refused() -> None:
    with pytest.raises(SpecError, match="of this machine"):
        place_of("file://elsewhere/x")


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("s3://bucket/x", "s3://bucket/x"),
        ("s3://key:hush@bucket/x", "s3://bucket/x"),
        ("s3://hush@bucket", "s3://bucket"),
        ("s3://key:hu/sh@bucket/x", "s3://bucket/x"),
        (SERVED, SERVED.replace("key:hush@", "")),
        ("gs://b/x?access_token=hush&region=eu", "gs://b/x?region=eu"),
        ("s3://b/x?endpoint_override=http%3A%2F%2Fme%3Ahush%40host", "s3://b/x"),
        ("abfs://container@account/x?sig=hush", "abfs://container@account/x"),
        ("abfs://container:hush@account/x", "abfs://account/x"),
        ("s3://b/x#hush", "s3://b/x"),
        ("s3://host:9000/a@b", "s3://host:9000/a@b"),
    ],
)
def test_credentials_are_not_told(secret: str, told: str) -> None:
    assert str(uri(secret)) == told
    assert "hush" not in repr(uri(secret))
    assert "hush" not in f"{uri(secret)}"


def test_credentials_are_not_told_in_a_text() -> None:
    text = f"tuner run x --storage-path '{SERVED}' --name=s3://a:hush@b/c"
    assert "hush" not in without_credentials(text)
    assert without_credentials(text).startswith("tuner run x --storage-path 's3://bucket/a/b?")


def test_a_uri_goes_down_and_up_as_a_path_does() -> None:
    folder = uri(SERVED)
    below = folder / "sweep-1"
    assert below.name == "sweep-1"
    assert below.parent == folder
    assert below.secret == SERVED.replace("/a/b?", "/a/b/sweep-1?")
    assert uri("s3://bucket/").name == ""
    assert (uri("s3://bucket/") / "x").secret == "s3://bucket/x"


@given(st.text("abz019_-.", min_size=1).filter(lambda name: name not in (".", "..")))
def test_a_name_survives_a_uri(name: str) -> None:
    assert (uri(SERVED) / name).name == name
