"""Pool files as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from batch_manager.errors import InputError
from batch_manager.pools.layers import assignments, merge
from batch_manager.pools.reading import checked, read_layer, template_file, template_folder

IMAGE = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
POOL: dict[str, Any] = {"id": "p", "vm_size": "Standard_D2s_v3", "image": IMAGE}


def _file(folder: Path, text: str) -> Path:
    path = folder / "pool.yaml"
    path.write_text(text)
    return path


def _refusal(document: dict[str, Any]) -> str:
    with pytest.raises(InputError) as raised:
        checked(document)
    return str(raised.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Each with its key, its value and its limit."""
    said = _refusal({"id": "a b", "image": IMAGE, "task_slots_per_node": 300, "scale": {"dedicated": -1}})
    for words in ("id is", "vm_size is missing", "task_slots_per_node is 300", "256", "scale.dedicated is -1"):
        assert words in said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"vmsize": "x"}, "vmsize is no key; did you mean 'vm_size'?"),
        ({"start_task": {"command": "x", "wiat": True}}, "did you mean 'wait'?"),
        ({"mounts": [{"path": "d", "nsf": {}}]}, "mounts[0].nsf is no key of mounts[0]; did you mean 'nfs'?"),
        ({"image": {**IMAGE, "xyz": 1}}, "there are publisher, offer, sku"),
    ],
)
def test_key_that_is_not_known_is_refused_with_the_nearest(more: dict[str, Any], said: str) -> None:
    """At any depth."""
    assert said in _refusal({**POOL, **more})


@pytest.mark.parametrize(
    "more",
    [
        {"task_slots_per_node": "4"},
        {"inter_node_communication": 1},
        {"scale": {"timeout": 15}},
        {"packages": ["a:1", "no good"]},
        {"metadata": {"a": 1}},
    ],
)
def test_value_of_another_type_is_refused(more: dict[str, Any]) -> None:
    """Nothing is taken for something else."""
    assert next(iter(more)) in _refusal({**POOL, **more})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"image": 3}, "image is 3: give keys with values below it"),
        ({"tags": "x"}, 'tags is "x": give keys with values below it'),
        ({"packages": "a:1.0.0"}, "give a list"),
        ({"vm_size": ""}, "give a text that is not empty"),
    ],
)
def test_value_of_another_type_is_told_without_pythons_words(more: dict[str, Any], said: str) -> None:
    """Those who write the file need not know them."""
    assert said in _refusal({**POOL, **more})


@pytest.mark.parametrize("text", ["tags: &a {x: *a}", "packages: &a [*a]", "a: &a {b: &b [*a, *b]}"])
def test_file_that_contains_itself_is_refused(tmp_path: Path, text: str) -> None:
    """As YAML's anchors allow; the same thing twice is none."""
    with pytest.raises(InputError, match="contains itself"):
        read_layer(_file(tmp_path, text))
    with pytest.raises(InputError):
        assignments([text.replace(": ", "=", 1)])
    assert read_layer(_file(tmp_path, "a: &a [1]\nb: [*a, *a]")) == {"a": [1], "b": [[1], [1]]}


def test_secret_in_a_wrong_place_is_not_shown() -> None:
    """Neither as a value nor below a key that is not known."""
    said = _refusal({**POOL, "vm_size": ["https://x/y?sig=abcdefghijkl"], "password": "hunter2"})
    assert "abcdefgh" not in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: a\nid: b\n", "line 2 is no YAML: the key 'id' comes twice"),
        ("scale: {spot: 1, spot: 2}\n", "comes twice"),
        ("id: [\n", "is no YAML"),
        ("- id\n", "is no mapping"),
        ("1: 2\n", "is no text"),
        ("? [a, b]\n: 1\n", "is no text"),
    ],
)
def test_file_of_another_form_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With the line where there is one."""
    with pytest.raises(InputError, match="pool file") as raised:
        read_layer(_file(tmp_path, text))
    assert said in str(raised.value)


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(InputError, match="nowhere"):
        read_layer(tmp_path / "nowhere")


def test_empty_file_says_nothing(tmp_path: Path) -> None:
    """All may come from elsewhere."""
    assert read_layer(_file(tmp_path, "# nothing\n")) == {}


def test_files_with_secrets_are_beside_the_file_that_names_them(tmp_path: Path) -> None:
    """Wherever the command is run; an absolute path stays."""
    layer = read_layer(_file(tmp_path, "users: [{name: a, password_file: pw}]\nx: {key_file: /k}\n"))
    assert layer == {"users": [{"name": "a", "password_file": str(tmp_path / "pw")}], "x": {"key_file": "/k"}}


def test_first_layer_counts_most() -> None:
    """Key by key; lists as a whole; null takes away."""
    upper = {"id": "a", "image": {"sku": "new"}, "packages": ["x"], "start_task": None}
    lower = {"id": "b", "vm_size": "v", "image": {"sku": "old", "offer": "o"}, "packages": ["y", "z"], "start_task": {}}
    expected = {"id": "a", "vm_size": "v", "image": {"sku": "new", "offer": "o"}, "packages": ["x"]}
    assert merge([upper, lower]) == expected


def test_other_way_to_say_something_takes_the_place_of_the_lower_one() -> None:
    """A number takes the formula's place, an image's id the Marketplace's words, a formula another's parameters."""
    lower = {"autoscale": {"name": "ramp_up", "parameters": {"step": 2}}, "image": dict(IMAGE)}
    assert "autoscale" not in merge([{"scale": {"spot": 1}}, lower])
    assert merge([{"image": {"id": "/x"}}, lower])["image"] == {"id": "/x"}
    assert merge([{"autoscale": {"formula": "f"}}, lower])["autoscale"] == {"formula": "f"}
    assert merge([{"autoscale": {"name": "slots_aware"}}, lower])["autoscale"] == {
        "name": "slots_aware",
        "parameters": {},
    }
    assert merge([{"autoscale": {"parameters": {"max_nodes": 3}}}, lower])["autoscale"]["parameters"] == {
        "max_nodes": 3,
        "step": 2,
    }


def test_assignments_are_a_layer() -> None:
    """Values are YAML."""
    assert assignments(["scale.spot=4", "id=x", "tags.a=b=c", "packages=[a, b]", "owner="]) == {
        "scale": {"spot": 4},
        "id": "x",
        "tags": {"a": "b=c"},
        "packages": ["a", "b"],
        "owner": "",
    }


@pytest.mark.parametrize(
    "words", [["x"], ["=1"], ["a..b=1"], ["a=1", "a=2"], ["a=1", "a.b=2"], ["a.b=2", "a=1"], ["a=["]]
)
def test_assignments_that_contradict_are_refused(words: list[str]) -> None:
    """The word is named."""
    with pytest.raises(InputError, match=r"--set"):
        assignments(words)


def test_template_is_found_by_its_name(tmp_path: Path) -> None:
    """In the user's own folder; another name is told what there is."""
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    folder = template_folder(environment)
    with pytest.raises(InputError, match="there is none"):
        template_file("small", environment)
    folder.mkdir(parents=True)
    (folder / "small.yaml").write_text("vm_size: x\n")
    assert template_file("small", environment) == folder / "small.yaml"
    with pytest.raises(InputError, match="did you mean 'small'"):
        template_file("smal", environment)
    with pytest.raises(InputError, match="no template"):
        template_file("../small", environment)


def test_templates_of_windows_are_below_its_own_folder(tmp_path: Path) -> None:
    """Unless the user says otherwise, as on Linux."""
    assert template_folder({"APPDATA": str(tmp_path)}) == tmp_path / "azure-batch-manager" / "pools"
    assert template_folder({}) == Path.home() / ".config" / "azure-batch-manager" / "pools"
