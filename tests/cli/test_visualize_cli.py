"""visualize_skeleton_data.py: what each mode writes, and how it refuses."""

import json
import re

import av
import numpy as np
import pytest
from PIL import Image

from signllm.cli.visualize import main
from signllm.data.clips import open_clips
from signllm.data.store import ClipRecord, StoreWriter
from signllm.pose import PoseSequence
from signllm.pose.formats import write_clips
from signllm.retargeting.glb import Glb
from signllm.retargeting.reading import AVATAR
from tests.helpers import rigs
from tests.helpers.printed import table_rows


def wave(frames, speed=1.0, fps=25.0):
    rng = np.random.default_rng(0)
    base_J3 = rng.normal(0, 0.05, (50, 3)).astype(np.float32)
    base_J3[:8, :2] = [(0, -0.6), (0, 0), (-0.5, 0), (-0.7, 0.8), (-0.5, 1.2), (0.5, 0), (0.7, 0.8), (0.5, 1.2)]
    base_J3[8:29] += base_J3[7]
    base_J3[29:] += base_J3[4]
    pose_FJ3 = np.repeat(base_J3[None], frames, axis=0)
    pose_FJ3[:, [4, *range(29, 50)], 0] += 0.2 * np.sin(speed * np.arange(frames) / 3)[:, None]
    return PoseSequence.all_valid(pose_FJ3, fps)


@pytest.fixture
def store(tmp_path):
    root = tmp_path / "store"
    for language, split, count in (("ASL", "dev", 3), ("ASL", "train", 4), ("KSL", "dev", 2)):
        with StoreWriter(root, language, split) as writer:
            for i in range(count):
                record = ClipRecord(f"{split}/{i:03d}", f"text {i} 안녕", language, 25.0, 0, gloss=f"SIGN{i}")
                writer.add(record, wave(8 + i))
            writer.finish({})
    return root


def frames_of(path):
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_the_guides_command_draws_the_first_clip_of_the_default_store(store, tmp_path, monkeypatch, capsys):
    (tmp_path / "datasets").mkdir()
    store.rename(tmp_path / "datasets" / "signllm_data_complete")
    monkeypatch.chdir(tmp_path)
    assert main(["--mode", "animation"]) == 0
    written = list((tmp_path / "outputs" / "visualize").iterdir())
    assert [p.name for p in written] == ["ASL_dev_000.mp4"]
    assert frames_of(written[0]) == 8
    assert f"wrote outputs/visualize/{written[0].name} (0.32 s)" in capsys.readouterr().out


def test_without_data_the_guides_command_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--mode", "animation"]) == 2
    assert "final_convert_data.py or quick_train.py" in capsys.readouterr().err


def test_clips_by_id_and_position_in_several_formats(store, tmp_path):
    out = tmp_path / "out"
    clips = ["--clip", "dev/002", "0", "--format", "mp4,gif", "--size", "64", "--output", str(out)]
    assert main(["--input", str(store), "--language", "ksl", *clips]) == 2  # KSL has no dev/002
    assert not out.exists()
    assert main(["--input", str(store / "ASL" / "dev"), *clips]) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "ASL_dev_000.gif",
        "ASL_dev_000.mp4",
        "ASL_dev_002.gif",
        "ASL_dev_002.mp4",
    ]
    assert frames_of(out / "ASL_dev_002.mp4") == 10


def test_a_clip_of_any_source_as_numbers_with_its_words(store, tmp_path, capsys):
    out = tmp_path / "out"
    flags = ["--input", str(store / "ASL" / "dev"), "--clip", "dev/002", "--output", str(out), "--format", "csv,json"]
    assert main(flags) == 0
    (found,) = open_clips(out).entries
    assert (found.name, found.text) == ("ASL_dev_002", "text 2 안녕")
    expected = dict(open_clips(store / "ASL" / "dev").items())["dev/002"]
    for suffix in ("csv", "json"):
        np.testing.assert_array_equal(
            open_clips(out / f"ASL_dev_002.{suffix}").pose(0).coordinates, expected.coordinates
        )
    assert main([*flags, "--mode", "compare", "--compare_with", str(store / "ASL" / "dev")]) == 2
    assert "no video format has the suffix '.csv'" in capsys.readouterr().err


def test_pose_files_and_an_output_file(tmp_path):
    for suffix in (".npz", ".skels"):
        write_clips(tmp_path / f"generated{suffix}", [("hello", wave(6)), ("world", wave(9))])
        target = tmp_path / f"of{suffix}.mp4"
        flags = ["--clip", "1", "--size", "64", "--output", str(target)]
        assert main(["--input", str(tmp_path / f"generated{suffix}"), *flags]) == 0
        assert frames_of(target) == 9


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--output", "clip.avi"], "known: .mp4, .gif, .webp, .png"),
        (["--format", "mp4,webm"], "known: .mp4, .gif, .webp, .png"),
        (["--clip", "dev/00", "99"], "did you mean 'dev/00"),
        (["--split", "test"], "ASL/dev, ASL/train, KSL/dev"),
        (["--language", "GSL"], "ASL/dev, ASL/train, KSL/dev"),
        (["--num_clips", "2", "--output", "one.mp4"], "do not fit into one file"),
        (["--num_clips", "0"], "--num_clips 0"),
        (["--mode", "compare"], "--compare_with"),
        (["--mode", "statistics", "--output", "x.png"], "give a folder"),
        (["--mode", "statistics", "--format", "mp4"], "plots are pdf, svg, png"),
        (["--mode", "trajectory", "--format", "mp4"], "plots are pdf, svg, png"),
        (["--mode", "trajectory", "--output", "x.jpg"], "plots are pdf, svg, png"),
        (["--mode", "trajectory", "--dpi", "5000"], "--dpi 5000"),
        (["--mode", "trajectory", "--compare_with", "a", "b", "c", "d"], "4 clips apart"),
        (["--input", "nowhere.npz"], "nowhere.npz"),
        (["--input", "nowhere"], "nowhere"),
        (["--avatar", "x.vrm"], "x.vrm: no such file"),
        (["--avatar", "--format", "csv,npz"], "--avatar ours: plots and numbers show no avatar"),
        (["--mode", "statistics", "--avatar_map", "x.json"], "--avatar_map x.json: plots and numbers show no avatar"),
        (["--format", "gif", "--avatar_map", "x.json"], "it names bones of --avatar; give both"),
        (["--format", "gif", "--avatar", "--avatar_map", "x.json"], "x.json: no such file"),
        (["--mode", "web", "--avatar_map", "nowhere.json"], "nowhere.json: no such file"),
        (["--format", "glb", "--avatar", "none"], "leave one of the two out"),
        (["--mode", "statistics", "--format", "glb"], "use --mode animation"),
        (["--format", "glb", "--avatar", "nowhere.vrm"], "nowhere.vrm: no such file"),
    ],
)
def test_faulty_requests_end_with_code_2_and_write_nothing(store, tmp_path, monkeypatch, capsys, flags, message):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    source = [] if "--input" in flags else ["--input", str(store)]
    assert main([*source, *flags]) == 2
    assert message in capsys.readouterr().err
    assert list(work.iterdir()) == []


def test_a_person_signs_in_pictures_where_one_is_asked_for(store, tmp_path):
    flags = ["--input", str(store / "ASL" / "dev"), "--clip", "dev/002", "--size", "96", "--format", "mp4,png"]
    shirts = []
    for name, more in {"bones": ["--avatar", "none"], "ours": ["--avatar"], "file": ["--avatar", str(AVATAR)]}.items():
        assert main([*flags, *more, "--output", str(tmp_path / name)]) == 0
        assert frames_of(tmp_path / name / "ASL_dev_002.mp4") == 10
        picture = np.asarray(Image.open(tmp_path / name / "ASL_dev_002.png").convert("RGB")).astype(int)
        shirts.append(((picture.sum(-1) < 200) & (picture[..., 2] > picture[..., 0] + 10)).mean())
    assert shirts[1] == shirts[2] > 0.05 > 5 * shirts[0]
    both = [*flags, "--mode", "compare", "--compare_with", str(store / "ASL" / "dev"), "--avatar"]
    assert main([*both, "--output", str(tmp_path / "both")]) == 0
    with av.open(str(tmp_path / "both" / "compare_ASL_dev_002.mp4")) as container:
        assert container.streams.video[0].width > 2 * 96


def test_compare_pairs_by_id_and_prints_how_both_move(store, tmp_path, capsys):
    generated = tmp_path / "generated.npz"
    write_clips(generated, [("dev/001", wave(18, speed=3.0)), ("dev/777", wave(5))])
    flags = ["--mode", "compare", "--input", str(store), "--language", "ASL", "--compare_with", str(generated)]
    assert main([*flags, "--num_clips", "5", "--size", "64", "--output", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "1 of 2 clips of generated.npz are not in ASL/dev" in out
    ours, theirs = table_rows(out)
    assert [ours[1], theirs[:2]] == ["ASL/dev", ["001", "generated.npz"]]
    assert [float(ours[2]), float(theirs[2])] == [0.36, 0.72]
    assert float(theirs[4]) > 1.5 * float(ours[4])  # the faster wave has the higher wrist speed
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["compare_ASL_dev_001.mp4"]
    assert frames_of(tmp_path / "out" / "compare_ASL_dev_001.mp4") == 18


def test_compare_shows_a_stores_clip_beside_a_generated_one_of_another_name(store, tmp_path, capsys):
    write_clips(tmp_path / "001_ASL_text.npz", [("001_ASL_text", wave(18))])
    flags = ["--mode", "compare", "--input", str(store), "--language", "ASL", "--split", "dev", "--size", "64"]
    flags += ["--compare_with", str(tmp_path / "001_ASL_text.npz"), "--format", "png", "--output", str(tmp_path / "o")]
    assert main([*flags, "--clip", "dev/002"]) == 0
    assert [path.name for path in (tmp_path / "o").iterdir()] == ["compare_ASL_dev_002.png"]
    rows = table_rows(capsys.readouterr().out)
    assert [row[:3] for row in rows] == [
        ["dev/002", "ASL/dev", "0.40"],
        ["001_ASL_text", "001_ASL_text.npz", "0.72"],
    ]
    assert main([*flags, "--clip", "dev/001=001_ASL_text"]) == 0
    assert main([*flags, "--clip", "dev/009"]) == 2
    assert "ASL/dev: no clip 'dev/009'" in capsys.readouterr().err


def test_compare_without_common_ids_pairs_by_position(store, tmp_path, capsys):
    write_clips(tmp_path / "other.npz", [("x", wave(4)), ("y", wave(5))])
    flags = ["--mode", "compare", "--input", str(store), "--compare_with", str(tmp_path / "other.npz")]
    assert main([*flags, "--num_clips", "2", "--format", "png", "--size", "64", "--output", str(tmp_path / "out")]) == 0
    assert "paired by position" in capsys.readouterr().out
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_several_inputs_are_compared_in_one_picture(store, tmp_path, capsys):
    paths = [tmp_path / name / "generated.npz" for name in ("slow", "quick")]
    for path, speed, ids in zip(paths, (1.0, 3.0), (("001", "000"), ("000", "002")), strict=True):
        path.parent.mkdir()
        write_clips(path, [(f"dev/{clip}", wave(18, speed=speed)) for clip in ids])
    flags = ["--mode", "compare", "--input", str(store), "--language", "ASL", "--compare_with", *map(str, paths)]
    out = tmp_path / "out"
    assert main([*flags, "--num_clips", "5", "--format", "gif", "--size", "64", "--output", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "1 of 2 clips of generated.npz are not in ASL/dev and generated.npz" in printed
    rows = table_rows(printed)
    assert [row[1] for row in rows] == [f"{store.name}/ASL/dev", "slow/generated.npz", "quick/generated.npz"]
    assert float(rows[2][4]) > 1.5 * float(rows[1][4])
    (picture,) = out.iterdir()
    two = tmp_path / "two"
    assert main([*flags[:-1], "--format", "gif", "--size", "64", "--output", str(two), "--clip", "dev/000"]) == 0
    three_wide, two_wide = (Image.open(path).width for path in (picture, *two.iterdir()))
    assert three_wide > 1.4 * two_wide


def test_statistics_of_a_store_and_of_a_sample(store, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["--mode", "statistics", "--input", str(store), "--output", str(out), "--max_clips", "3"]) == 0
    printed = capsys.readouterr().out
    assert "ASL/train: 3 of 4 clips, drawn by chance with seed 0" in printed
    assert "KSL/dev: 2 clips, 17 frames" in printed
    assert {p.name for p in out.iterdir()} == {
        "statistics.json",
        "overview.png",
        *(f"{name}_{kind}.png" for name in ("ASL", "KSL_dev") for kind in ("joints", "motion")),
    }


def test_trajectories_of_clips_alone_and_compared(store, tmp_path, capsys):
    flags = ["--mode", "trajectory", "--input", str(store), "--output"]
    assert main([*flags, str(tmp_path / "alone"), "--num_clips", "2"]) == 0
    assert [path.suffix for path in (tmp_path / "alone").iterdir()] == [".pdf", ".pdf"]
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    assert main([*flags, str(one), "--dpi", "50"]) == 0
    assert main([*flags, str(two), "--dpi", "100", "--compare_with", str(store)]) == 0
    narrow, wide = (Image.open(path) for path in (one, two))
    assert (narrow.width, wide.width) == (170, 340)
    assert wide.height > 2 * narrow.height - 4


def test_help_is_bilingual(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "手语" in capsys.readouterr().out


def shown_on(page):
    return json.loads(re.search(r'id="signllm-data">(.*?)</script>', page.read_text(encoding="utf-8"))[1])


def scenes_of(page):
    return shown_on(page)["scenes"]


def test_web_writes_one_page_of_all_clips(store, tmp_path, capsys):
    flags = ["--mode", "web", "--avatar", "none", "--num_clips", "9"]
    assert main([*flags, "--input", str(store), "--output", str(tmp_path / "out")]) == 0
    page = tmp_path / "out" / "player.html"
    scenes = scenes_of(page)
    assert [(scene["name"], scene["text"], scene["gloss"]) for scene in scenes] == [
        (f"dev/{i:03d}", f"text {i} 안녕", f"SIGN{i}") for i in range(3)
    ]
    assert {scene["language"] for scene in scenes} == {"ASL"}
    assert f"wrote {page} (3 clips, " in capsys.readouterr().out


def test_web_puts_clips_beside_their_reference(store, tmp_path):
    write_clips(tmp_path / "generated.npz", [("dev/001", wave(20))])
    page = tmp_path / "x.html"
    flags = ["--mode", "web", "--avatar", "none", "--input", str(store / "ASL" / "dev"), "--output", str(page)]
    assert main([*flags, "--compare_with", str(tmp_path / "generated.npz")]) == 0
    (scene,) = scenes_of(page)
    assert [clip["role"] for clip in scene["clips"]] == ["reference", "system"]
    assert [clip["frames"] for clip in scene["clips"]] == [9, 20]
    assert len(scene["clips"][1]["aligned"]) == 9


def test_web_puts_glosses_at_their_times(store, tmp_path, capsys):
    (tmp_path / "glosses.csv").write_text("clip,gloss,start,end\ndev/001,BOOK,0.1,0.3\ndev/001,LATE,9,9.5\n")
    page = tmp_path / "x.html"
    flags = ["--mode", "web", "--avatar", "none", "--input", str(store), "--language", "ASL", "--output", str(page)]
    timed = [*flags, "--gloss_times", str(tmp_path / "glosses.csv")]
    assert main([*timed, "--split", "dev", "--num_clips", "2"]) == 0
    assert [scene["segments"] for scene in scenes_of(page)] == [[], [{"text": "BOOK", "start": 0.1, "end": 0.3}]]
    assert "1 of 2 clips have no glosses" in capsys.readouterr().out
    assert main([*timed, "--split", "dev", "--clip", "dev/002"]) == 2
    assert "no gloss of dev/002; its recordings are called, for example, dev/001" in capsys.readouterr().err
    assert main(["--input", str(store), "--gloss_times", "x.csv"]) == 2
    assert "only --mode web shows glosses" in capsys.readouterr().err


def test_web_shows_our_avatar_or_anothers(store, tmp_path, capsys):
    page = tmp_path / "x.html"
    flags = ["--mode", "web", "--input", str(store), "--output", str(page)]
    assert main(flags) == 0
    ours = shown_on(page)
    assert ours["scenes"][0]["clips"][0]["motion"]["nodes"]
    assert main([*flags, "--avatar", str(AVATAR)]) == 0
    assert shown_on(page)["avatar"] == ours["avatar"]
    assert main([*flags, "--avatar", "none"]) == 0
    assert shown_on(page)["avatar"] is None
    assert main([*flags, "--avatar", str(tmp_path / "nobody.glb")]) == 2
    assert "nobody.glb" in capsys.readouterr().err
    assert main(["--input", str(store), "--mode", "statistics", "--avatar", "none"]) == 2
    assert "plots and numbers show no avatar" in capsys.readouterr().err


def test_web_refuses_what_it_does_not_read(store, tmp_path, capsys):
    flags = ["--mode", "web", "--input", str(store)]
    assert main([*flags, "--format", "mp4", "--compare_with", *["x"] * 4]) == 2
    told = capsys.readouterr().err
    assert "leave --format out" in told
    assert "4 inputs side by side" in told
    assert main([*flags, "--output", str(tmp_path / "x.mp4")]) == 2
    assert "--mode web writes .html" in capsys.readouterr().err


def test_an_avatar_signs_in_a_file_of_its_own(store, tmp_path, capsys):
    flags = ["--input", str(store), "--split", "dev", "--num_clips", "2", "--format", "glb,png"]
    assert main([*flags, "--output", str(tmp_path / "out")]) == 0
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".glb", ".glb", ".png", ".png"]
    path = next((tmp_path / "out").glob("*000.glb"))
    glb = Glb.read(path)
    assert glb.content["animations"][0]["name"] == "text 0 안녕"
    assert f"wrote {path} (0.32 s)" in capsys.readouterr().out


def test_an_avatar_of_ones_own_with_a_map(store, tmp_path):
    glb = rigs.glb_of(rigs.rig_of(rigs.t_pose(), 4), {"leftHand": "paw"})
    (tmp_path / "other.glb").write_bytes(glb.packed())
    (tmp_path / "map.json").write_text('{"leftHand": "paw"}')
    flags = ["--input", str(store), "--output", str(tmp_path / "x.glb"), "--avatar", str(tmp_path / "other.glb")]
    assert main(flags) == 2
    assert main([*flags, "--avatar_map", str(tmp_path / "map.json")]) == 0
    assert len(Glb.read(tmp_path / "x.glb").content["nodes"]) == len(glb.content["nodes"])
