"""What the user says of a source: every word that is taken, every one that is refused, and what is asked of it."""

import pytest

from signllm.errors import ConfigError
from signllm.pose.formats.hints import Hints


@pytest.mark.parametrize(
    ("layout", "sides", "points"),
    [
        ("auto", "auto", None),
        ("right-first", "right-first", None),
        ("left-first", "left-first", None),
        ("openpose-67", "auto", "openpose-67"),
        ("openpose-67, left-first", "left-first", "openpose-67"),
        ("left-first,dwpose-134", "left-first", "dwpose-134"),
        ("left-first,auto", "left-first", None),
    ],
)
def test_the_layout_names_sides_points_or_both(layout, sides, points):
    hints = Hints(layout)
    assert (hints.sides, hints.points) == (sides, points)


@pytest.mark.parametrize(
    ("axes", "found"),
    [
        ("auto", None),
        ("x,y,z", ((0, 1), (1, 1), (2, 1))),
        ("x,-y,z", ((0, 1), (1, -1), (2, 1))),
        (" -z, x ,-y", ((2, -1), (0, 1), (1, -1))),
    ],
)
def test_axes_of_the_file(axes, found):
    assert Hints(axes=axes).axes_of_file == found


@pytest.mark.parametrize(
    ("aspect", "found"),
    [("auto", None), ("16:9", 16 / 9), ("1:1", 1.0), ("1.5", 1.5), ("2:", 2.0), ("0.11", 0.11), ("9.9:1", 9.9)],
)
def test_the_aspect_is_width_over_height(aspect, found):
    assert Hints(aspect=aspect).image_aspect == found


@pytest.mark.parametrize(
    ("depth", "found"),
    [("auto", None), ("none", (0.0, 0.0)), ("0.3", (0.3, 0.3)), ("-0.3,1", (-0.3, 1.0)), ("999999", (999999.0,) * 2)],
)
def test_depth_is_one_factor_or_two(depth, found):
    assert Hints(depth=depth).depth_factors == found


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"axes": "x,y"}, "--axes is 'x,y'; expected the file's axes for x, y and z, such as x,-y,z"),
        ({"axes": "x,y,y"}, "--axes is 'x,y,y'"),
        ({"axes": "x,y,--z"}, "--axes is 'x,y,--z'"),
        ({"axes": "x,y,zz"}, "--axes is 'x,y,zz'"),
        ({"axes": "x,y,z,z"}, "--axes is 'x,y,z,z'"),
        ({"aspect": "wide"}, "--aspect is 'wide'; expected width:height, such as 16:9 or 1:1"),
        ({"aspect": "1:0"}, "--aspect is '1:0'"),
        ({"aspect": "0:1"}, "--aspect is '0:1'"),
        ({"aspect": "10"}, "--aspect is '10'"),
        ({"aspect": "0.1"}, "--aspect is '0.1'"),
        ({"third": "z"}, "--third is 'z'; expected one of auto, confidence, depth"),
        ({"mirror": "maybe"}, "--mirror is 'maybe'; expected one of auto, yes, no"),
        ({"centre": "maybe"}, "--centre is 'maybe'; expected one of auto, yes, no"),
        ({"depth": "deep"}, "--depth is 'deep'; expected auto, none, or one or two factors, such as 0.3,1"),
        ({"depth": "1,2,3"}, "--depth is '1,2,3'"),
        ({"depth": "1000000"}, "--depth is '1000000'"),
        ({"depth": "1,nan"}, "--depth is '1,nan'"),
        ({"layout": "right"}, "unknown layout 'right'"),
        ({"layout": "openpose-67,x"}, "unknown layout 'x'"),
    ],
)
def test_what_is_no_such_word_is_refused_with_those_that_are(said, fault):
    with pytest.raises(ConfigError) as caught:
        Hints(**said)
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith(fault)


@pytest.mark.parametrize("name", ["third", "mirror", "centre"])
def test_every_choice_is_taken(name):
    for word in ("auto", *(("confidence", "depth") if name == "third" else ("yes", "no"))):
        assert getattr(Hints(**{name: word}), name) == word


def test_facts_are_what_was_said_but_for_the_layout():
    assert Hints().facts == Hints("left-first").facts == {}
    said = {"axes": "x,-y,z", "aspect": "16:9", "third": "depth", "mirror": "yes", "centre": "no", "depth": "none"}
    assert Hints("left-first", **said).facts == said
