"""Scenes, their pictures and their words."""

import numpy as np
import pytest

from models.recipe.captions import caption, plain_caption, vocabulary, without_color
from models.recipe.drawing import draw
from models.recipe.labels import ATTRIBUTES, labels_of
from models.recipe.scenes import (
    LANDSCAPES,
    PALETTE,
    RADII,
    Scene,
    is_held_out,
    sample_counted,
    sample_held_out,
    sample_landscape,
    scene_of,
)


@pytest.mark.parametrize("size_px", [64, 128])
def test_a_scene_always_gives_the_same_picture(size_px: int) -> None:
    pictures = [[draw(scene_of(7, number), size_px) for number in range(20)] for _ in range(2)]
    assert np.array_equal(pictures[0], pictures[1])
    assert len({picture.tobytes() for picture in pictures[0]}) == 20


def test_training_never_sees_a_held_out_combination() -> None:
    rng = np.random.default_rng(1)
    held_out = [sample_held_out(rng) for _ in range(300)]
    training = [scene_of(7, number) for number in range(2_000)]

    def combination(scene: Scene) -> tuple[str, ...]:
        return scene.background, *sorted(f"{one.color} {one.shape}" for one in scene.things)

    assert all(is_held_out(scene.background, scene.things) for scene in held_out)
    seen = {combination(scene) for scene in training if scene.things}
    assert not seen & {combination(scene) for scene in held_out}


def test_things_stay_inside_and_apart() -> None:
    for number in range(500):
        scene = scene_of(7, number)
        for thing in scene.things:
            low, high = RADII["small"][0], RADII["large"][1]
            assert low <= thing.radius <= high
            for center in (thing.x, thing.y):
                assert thing.radius <= center <= 1 - thing.radius
        if scene.arrangement:
            first, second = scene.things
            along = second.x - first.x if scene.arrangement == "horizontal" else second.y - first.y
            assert along > first.radius + second.radius


def test_every_landscape_differs_from_its_background() -> None:
    rng = np.random.default_rng(1)
    drawn = {
        scene.landscape: draw(scene, 64) for scene in (sample_landscape(rng) for _ in "x" * 99)
    }
    assert set(drawn) == set(LANDSCAPES)
    assert all(len(np.unique(picture.reshape(-1, 3), axis=0)) > 4 for picture in drawn.values())


def test_a_caption_states_what_its_scene_states() -> None:
    rng = np.random.default_rng(2)
    for number in range(400):
        scene = scene_of(7, number)
        words = plain_caption(scene, rng).split()
        for thing in scene.things:
            assert thing.color in words
        if scene.things and scene.background != "white":
            assert scene.background in words
        if not scene.things and scene.color:
            assert scene.color in words
        if scene.things and "background" not in words and "on" not in words:
            assert scene.background == "white"


def test_captions_differ_but_use_the_vocabulary() -> None:
    rng = np.random.default_rng(2)
    scene = scene_of(7, 1)
    assert len({caption(scene, rng) for _ in range(50)}) > 5
    known = set(vocabulary())
    words = {word for n in range(300) for word in plain_caption(scene_of(7, n), rng).split()}
    assert words <= known
    assert set(PALETTE) <= known


def test_labels_name_one_class_per_attribute() -> None:
    for number in range(200):
        labels = labels_of(scene_of(7, number))
        assert len(labels) == len(ATTRIBUTES)
        for label, values in zip(labels, ATTRIBUTES.values(), strict=True):
            assert 0 <= label <= len(values)


def test_counted_things_are_alike_and_their_number_is_said() -> None:
    rng = np.random.default_rng(4)
    numbers = set()
    for _ in range(200):
        scene = sample_counted(rng)
        assert scene.count == len(scene.things)
        assert len({(one.shape, one.color, one.radius) for one in scene.things}) == 1
        words = plain_caption(scene, rng)
        assert words.startswith({2: "two ", 3: "three "}[scene.count])
        labels = dict(zip(ATTRIBUTES, labels_of(scene), strict=True))
        assert ATTRIBUTES["count"][labels["count"]] == words.split()[0]
        assert labels["second shape"] == len(ATTRIBUTES["second shape"])
        numbers.add(scene.count)
    assert numbers == {2, 3}


@pytest.mark.parametrize(
    ("words", "color", "left"),
    [
        ("an orange star on an orange background", "orange", "a star on an orange background"),
        ("a boat with red sails", "red", "a boat with sails"),
        ("two blue rings", "blue", "two rings"),
        ("a tree", "green", "a tree"),
    ],
)
def test_a_colour_can_be_left_open(words: str, color: str, left: str) -> None:
    assert without_color(words, color) == left


def test_an_open_colour_is_that_of_the_only_subject() -> None:
    rng = np.random.default_rng(5)
    for number in range(300):
        scene = scene_of(7, number)
        words = caption(scene, rng).split()
        if scene.arrangement:
            assert all(one.color in words for one in scene.things)
        if scene.landscape == "gradient":
            assert {scene.color, scene.background} <= {word.strip(".") for word in words}
