"""The verifier, on pictures whose truth is known because they were drawn."""

from dataclasses import replace

import numpy as np
import pytest

from models.recipe.drawing import draw
from models.recipe.evaluate import (
    HeldOutPrompt,
    counted_prompts,
    held_out_prompts,
    judge,
    with_unknown_words,
)
from models.recipe.scenes import Scene, Thing
from models.recipe.verifier import check_picture, find_things

RED: tuple[int, int, int] = (214, 40, 40)
BLUE: tuple[int, int, int] = (32, 84, 200)
CIRCLE = Thing("circle", "red", "small", 0.26, 0.5, 0.11, RED)
STAR = Thing("star", "blue", "large", 0.74, 0.5, 0.23, BLUE)
PAIR = Scene("yellow", (252, 208, 40), (CIRCLE, STAR), arrangement="horizontal")
CORNER = Scene("white", (245, 245, 245), (replace(CIRCLE, x=0.2, y=0.2),), position="top left")


def test_it_errs_on_less_than_one_true_picture_in_a_hundred() -> None:
    prompts = held_out_prompts(400, seed=3)
    evaluation = judge((draw(one.scene, 128) for one in prompts), prompts)
    whole = evaluation.scores["everything"]
    assert whole.judged == 400
    assert whole.met >= 397, evaluation.failures


@pytest.mark.parametrize("size_px", [96, 128, 256])
def test_it_finds_what_was_drawn(size_px: int) -> None:
    background, found = find_things(draw(PAIR, size_px))
    assert background == "yellow"
    assert [(one.color, one.shape, one.size) for one in found] == [
        ("blue", "star", "large"),
        ("red", "circle", "small"),
    ]
    assert found[1].radius == pytest.approx(0.11, abs=0.006)
    assert (found[0].x, found[0].y) == pytest.approx((0.74, 0.5), abs=0.01)


@pytest.mark.parametrize("shape", ["triangle", "star", "heart"])
def test_it_places_a_shape_whose_centroid_is_not_its_centre(shape: str) -> None:
    thing = replace(STAR, shape=shape, x=0.5)
    (found,) = find_things(draw(replace(PAIR, things=(thing,)), 128))[1]
    assert (found.shape, found.size) == (shape, "large")
    assert (found.x, found.y) == pytest.approx((0.5, 0.5), abs=0.005)


@pytest.mark.parametrize(
    ("asked", "missed"),
    [
        (replace(PAIR, background="pink"), "background"),
        (replace(PAIR, things=(replace(CIRCLE, color="green"), STAR)), "color"),
        (replace(PAIR, things=(CIRCLE, replace(STAR, shape="heart"))), "shape"),
        (replace(PAIR, things=(replace(CIRCLE, size="medium"), STAR)), "size"),
        (replace(PAIR, things=(STAR, CIRCLE)), "relation"),
        (replace(PAIR, arrangement="vertical"), "relation"),
        (replace(PAIR, things=(CIRCLE,), arrangement=None), "count"),
    ],
)
def test_it_says_what_is_missed(asked: Scene, missed: str) -> None:
    verdict = check_picture(draw(PAIR, 128), asked)
    assert not verdict.everything
    assert getattr(verdict, missed) is False


def test_what_is_not_stated_is_not_judged() -> None:
    verdict = check_picture(draw(CORNER, 128), replace(CORNER, position=None))
    assert (verdict.position, verdict.relation) == (None, None)
    assert verdict.everything
    assert (
        check_picture(draw(CORNER, 128), replace(CORNER, position="bottom right")).position is False
    )


def test_an_empty_picture_shows_nothing() -> None:
    blank = np.full((128, 128, 3), 245, np.uint8)
    verdict = check_picture(blank, CORNER)
    assert verdict.background
    assert (verdict.count, verdict.shape, verdict.position) == (False, False, False)


def test_a_landscape_is_refused() -> None:
    with pytest.raises(ValueError, match="landscape"):
        check_picture(draw(PAIR, 128), Scene("white", RED, landscape="hills"))


def test_held_out_prompts_are_the_same_each_time() -> None:
    first, again = (held_out_prompts(30, seed=5) for _ in range(2))
    assert first == again
    assert isinstance(first[0], HeldOutPrompt)
    assert {len(one.scene.things) for one in first} == {1, 2}
    assert first != held_out_prompts(30, seed=6)


def test_it_counts_and_does_not_mistake_two_for_three() -> None:
    prompts = counted_prompts(100, seed=3)
    drawn = [draw(one.scene, 128) for one in prompts]
    assert judge(drawn, prompts).scores["everything"].met == 100
    fewer = [
        replace(one, scene=replace(one.scene, things=one.scene.things[:-1])) for one in prompts
    ]
    assert judge(drawn, fewer).scores["count"].met == 0


def test_unknown_words_are_added_and_nothing_is_taken_away() -> None:
    plain = held_out_prompts(20, seed=3)
    for one, mixed in zip(plain, with_unknown_words(plain, 3), strict=True):
        assert mixed.scene == one.scene
        assert one.prompt in mixed.prompt
        assert len(mixed.prompt.split()) >= len(one.prompt.split()) + 2
