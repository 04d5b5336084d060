"""A person in a video: frames a second of processor time, encoder included, against two other ways of drawing one.

    python benchmarks/avatar_video.py [--data FOLDER] [--size 480] [--frames 300] [--runs 3]

Ours is the compiled drawing of signllm/viewing/shading_kernels.py, into an mp4. The others draw the same person, frames
and size, are read back picture by picture, and encode nothing:

- VTK without a graphics card (`pip install vtk`; Mesa's llvmpipe, with 4 samples a pixel), which is given each frame's
  vertices ready made;
- the player in headless Chromium (SwiftShader), as in benchmarks/player.py, each frame taken from its canvas as JPEG.

What is not installed is left out. All threads and processes count: on two cores, twice as many frames come out in a
second at best. The fastest run of each counts. Nothing beside it should run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.drawing import clip_of
from benchmarks.player import processor_s
from signllm.retargeting.reading import OURS
from signllm.viewing import video
from signllm.viewing.avatar_scene import AvatarScene, avatar_scene
from signllm.viewing.planes import plane_pictures
from signllm.viewing.player.page import Figure, PageAvatar, PlayerScene, write_player
from signllm.viewing.scene import Scene

REAL_TIME = 25


def draw_mp4(scene: AvatarScene) -> float:
    """Processor seconds of a whole video, the skeleton's rotations among them."""
    with tempfile.NamedTemporaryFile(suffix=".mp4", buffering=0) as file:
        started = time.process_time()
        video._write_mp4(file, scene)
        return time.process_time() - started


def draw_by_vtk(scene: AvatarScene) -> float:
    """Processor seconds of VTK for the same frames."""
    import vtk
    from vtk.util import numpy_support

    mesh, frames = scene.person.mesh, scene.num_frames
    data, points, cells = vtk.vtkPolyData(), vtk.vtkPoints(), vtk.vtkCellArray()
    positions = numpy_support.numpy_to_vtk(mesh.positions.copy(), deep=True)
    normals = numpy_support.numpy_to_vtk(mesh.normals.copy(), deep=True)
    triangles = np.concatenate([surface.triangles for surface in mesh.surfaces]).astype(np.int64)
    ends = numpy_support.numpy_to_vtkIdTypeArray(np.arange(0, triangles.size + 1, 3), deep=True)
    cells.SetData(ends, numpy_support.numpy_to_vtkIdTypeArray(triangles.ravel(), deep=True))
    points.SetData(positions)
    data.SetPoints(points)
    data.SetPolys(cells)
    data.GetPointData().SetNormals(normals)
    colors = (255 * mesh.colors[:, :3] ** (1 / 2.2)).astype(np.uint8)
    data.GetPointData().SetScalars(numpy_support.numpy_to_vtk(colors, deep=True))
    mapper, actor, renderer, window = vtk.vtkPolyDataMapper(), vtk.vtkActor(), vtk.vtkRenderer(), vtk.vtkRenderWindow()
    mapper.SetInputData(data)
    actor.SetMapper(mapper)
    renderer.AddActor(actor)
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(4)
    window.SetSize(scene.size_px, scene.size_px)
    window.AddRenderer(renderer)
    window.Render()
    renderer.ResetCamera()
    pixels, seconds = vtk.vtkUnsignedCharArray(), 0.0
    for frame in range(frames):
        matrices_V34 = np.einsum("vk,vkij->vij", mesh.weights, scene._matrices(0, np.array([frame]))[0][mesh.places])
        moved_V3 = np.einsum("vij,vj->vi", matrices_V34[..., :3], mesh.positions) + matrices_V34[..., 3]
        turned_V3 = np.einsum("vij,vj->vi", matrices_V34[..., :3], mesh.normals)
        started = time.process_time()
        for array, values in ((positions, moved_V3), (normals, turned_V3)):
            numpy_support.vtk_to_numpy(array)[:] = values
            array.Modified()
        window.Render()
        window.GetRGBACharPixelData(0, 0, scene.size_px - 1, scene.size_px - 1, 0, pixels)
        picture = numpy_support.vtk_to_numpy(pixels)
        seconds += time.process_time() - started
    if picture.std() < 1:
        raise RuntimeError("VTK drew nothing")
    return seconds


def draw_by_chromium(scene: AvatarScene) -> float:
    """Processor seconds of Chromium and all its processes, from the first frame that is asked for to the last one."""
    from playwright.sync_api import sync_playwright

    (label, pose), size = scene.panels[0], scene.size_px
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "page.html"
        write_player(page_file, [PlayerScene(label, [Figure(label, pose)])], avatar=PageAvatar.read())
        flags = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"] + ["--no-sandbox"] * (os.geteuid() == 0)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport={"width": size, "height": size + 220})
        page.goto(page_file.as_uri())
        page.wait_for_function("globalThis.signllmPlayer && signllmPlayer.state.figure === 'avatar'")
        page.keyboard.press(" ")
        slider, before = page.get_by_role("slider"), processor_s()
        for frame in range(len(pose)):
            slider.fill(str(frame))
            page.evaluate(
                "() => new Promise((done) => requestAnimationFrame(() =>"
                " done(document.querySelector('canvas').toDataURL('image/jpeg', 0.95))))"
            )
        seconds = processor_s() - before
        browser.close()
    return seconds


def main() -> int:
    """Measure, and print."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--data", type=Path, help="a folder with clips (default: made by code)")
    flags.add_argument("--size", type=int, default=480)
    flags.add_argument("--frames", type=int, default=300)
    flags.add_argument("--runs", type=int, default=3)
    options = flags.parse_args()
    pose = clip_of(options.data, options.frames)

    def scene() -> AvatarScene:
        return avatar_scene(Scene.of([("clip", pose)], "What is signed", options.size), OURS)

    next(plane_pictures(scene()))  # compiled, or loaded
    ways: dict[str, Callable[[AvatarScene], float]] = {
        "ours": draw_mp4,
        "VTK": draw_by_vtk,
        "Chromium": draw_by_chromium,
    }
    rates: dict[str, float] = {}
    print(f"{options.frames} frames, a panel of {options.size} pixels, load {os.getloadavg()[0]:.1f}")
    for name, draw in ways.items():
        try:
            rates[name] = options.frames / min(draw(scene()) for _ in range(options.runs if name == "ours" else 1))
        except ImportError as error:
            print(f"{name:9} left out: {error}")
            continue
        print(
            f"{name:9} {rates[name]:5.1f} frames a second of processor time, ours {rates['ours'] / rates[name]:.1f} x"
        )
    print(f"real time is {REAL_TIME}: ours makes {rates['ours'] / REAL_TIME:.1f} seconds of video in one")
    return int(rates["ours"] < REAL_TIME)


if __name__ == "__main__":
    raise SystemExit(main())
