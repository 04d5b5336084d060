"""`.pose`: the binary format of the pose-format package. One clip a file; the clip's name is the file's.

Read are the layouts of `point_layouts`, whose points become the 50 joints:
- a joint is missing where its confidence is not above 0, the format's own mark for a missing point, and where the
  layout has no such point;
- where a layout has no neck, it is the middle of the shoulders, missing where one of them is;
- a clip is scaled by its own median shoulder distance and moved so that the neck's median is the origin: per clip,
  so that swaying of the trunk stays and a trembling neck does not shake the hands;
- depth is in another unit than x and y (image widths beside pixels), and in each hand it counts from that hand's
  wrist; whether it means something, and by what it must be multiplied, is found over many clips.

Written is a layout of our own, with depth where there is one, that pose-format's tools can read and draw and that reads
back as it was: neither scaled nor moved.

Legend: F frames, P people, K points of the file, J joints, C coordinates.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import read_bytes, write_atomically
from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.point_layouts import (
    DEPTH,
    NAMED_LAYOUTS,
    OWN,
    OWN_COMPONENTS,
    Point,
    PointLayout,
    find_layout,
)
from signllm.pose.formats.reader import Loaded, PoseReader, PoseWriter, has_suffix, one_clip
from signllm.pose.formats.row_arrays import follow, signer_of
from signllm.pose.geometry import with_depth
from signllm.pose.sequence import SHOULDER_WIDTHS, PoseSequence
from signllm.pose.skeleton import SKELETON_50

if TYPE_CHECKING:
    from pose_format import Pose, PoseHeader

# The files we write: their size, where the neck lies in them, and how long a shoulder width is.
OWN_SIZE, OWN_ORIGIN, OWN_UNIT = (1000, 1000, 1000), (500.0, 400.0, 500.0), 200.0
_COLOURS = {"body": (90, 90, 90), "left_hand": (46, 134, 222), "right_hand": (214, 69, 65)}


class PoseFile:
    """A `.pose` file. It says its own frame rate and sides."""

    def __init__(self, path: Path):
        self.path = path

    def clip(self) -> PoseSequence | RawClip:
        """Read it; only a file of this toolkit says everything about itself.

        Of several people it is the one who signs. DataError for a torn file, an unknown layout, or no frame.
        """
        pose = self._parse()
        layout, places_J = self._places(pose.header)
        person_FKC, seen_FK, note = self._signer(pose)
        # Points that the layout has not get any place; the mask hides them.
        joints_FJC, valid_FJ = person_FKC[:, places_J], seen_FK[:, places_J] & (places_J >= 0)
        fps = float(str(np.float32(pose.body.fps)))  # as it was before it became a 32-bit number: 29.97
        if layout is OWN:
            return PoseSequence((joints_FJC - OWN_ORIGIN[: joints_FJC.shape[2]]) / OWN_UNIT, valid_FJ, fps)
        joints_FJC = with_depth(joints_FJC)
        width = float(pose.header.dimensions.width) or 1.0  # of the image; z is in image widths, x in pixels
        return RawClip(
            joints_FJC,
            None,
            fps,
            valid_FJ,
            sides_known=True,
            own_scale=True,
            depth_unit=width if layout.third == DEPTH else 0.0,
            wrist_depth=layout.centred_hands,
            note=note,
            layout=layout.name,
        )

    def _parse(self) -> Pose:
        """The file as pose-format reads it; DataError where it is torn, which pose-format does not always notice."""
        from pose_format import Pose
        from pose_format.pose_header import PoseHeader
        from pose_format.utils.reader import BufferReader

        try:
            data = read_bytes(self.path)
            reader = BufferReader(data)
            header = PoseHeader.read(reader)
            body_start = reader.read_offset
            pose = Pose.read(data)
        except DataError as error:
            raise DataError(fault.removeprefix(f"{self.path}: ") for fault in error.faults) from None
        except Exception as error:  # pose-format over arbitrary bytes: any type may come
            raise DataError(f"not a whole .pose file ({error}); write or copy it again") from None
        frames, people, points, dims = pose.body.data.shape
        if round(header.version, 3) == 0.1:
            # Here the number of frames follows from the file's length, so a cut file would read as another clip.
            _, declared, _ = struct.unpack_from("<HHH", data, body_start)
            whole = len(data) - body_start - 6 == frames * people * points * (dims + 1) * 4
            if not whole or declared != frames % 65536:
                raise DataError(f"the file is cut off: {frames} of {declared} frames are there; copy it again")
        return pose

    def _places(self, header: PoseHeader) -> tuple[PointLayout, np.ndarray]:
        """The layout and the place (J,) of each joint among the file's points, -1 where the file has none."""
        points: dict[Point, int] = {}
        for component in header.components:
            for name in component.points:
                points.setdefault((component.name, name), len(points))
        total = sum(len(component.points) for component in header.components)
        layout = find_layout(points)
        if layout is None or len(points) != total:
            there = ", ".join(f"{component.name} ({len(component.points)} points)" for component in header.components)
            raise DataError(
                f"unknown layout with the components {there or '(none)'}; known:"
                f" {', '.join(known.name for known in NAMED_LAYOUTS)}, told by the names of their shoulders"
            )
        return layout, np.array([-1 if point is None else points.get(point, -1) for point in layout.points])

    def _signer(self, pose: Pose) -> tuple[np.ndarray, np.ndarray, str | None]:
        """The signer's coordinates (F, K, C), which points are seen (F, K), and of several people who was taken."""
        data_FPKC, seen_FPK = np.asarray(pose.body.data.data), np.asarray(pose.body.confidence) > 0
        if not len(data_FPKC):
            raise DataError("the clip has no frames")
        present = np.flatnonzero(seen_FPK.any((0, 2)))
        if not len(present):
            raise DataError("every point is missing; leave the clip out")
        data_FPKC, seen_FPK = data_FPKC[:, present], seen_FPK[:, present]
        frames_F1 = np.arange(len(data_FPKC))[:, None]
        order_FP = follow(np.where(seen_FPK[..., None], data_FPKC, 0))
        data_FPKC, seen_FPK = data_FPKC[frames_F1, order_FP], seen_FPK[frames_F1, order_FP]
        person, note = signer_of(np.where(seen_FPK[..., None], data_FPKC, 0))
        return data_FPKC[:, person], seen_FPK[:, person], note


def load(path: Path) -> Loaded:
    """The clip of a file, or what speaks against it."""
    try:
        return PoseFile(path).clip(), []
    except DataError as error:
        return None, error.faults


READER = PoseReader(".pose", has_suffix(".pose"), one_clip, load)


def write(path: Path, clips: Iterable[tuple[str, PoseSequence]]) -> None:
    """Write one clip in the layout `signllm-50`; its name must be the file's.

    DataError for another number of clips, another name, skeleton or unit.
    """
    from pose_format import Pose
    from pose_format.numpy import NumPyPoseBody

    clips = list(clips)
    if len(clips) != 1:
        raise DataError(f"{path}: a .pose file holds one clip, not {len(clips)}; write a file for each, or .npz")
    ((name, clip),) = clips
    if name != path.stem:
        raise DataError(f"{path}: the clip is called '{name}', but a clip in a .pose file has the file's name")
    if clip.skeleton != SKELETON_50 or clip.unit != SHOULDER_WIDTHS:
        raise DataError(
            f"{path}: .pose files are written for {SKELETON_50.name} in {SHOULDER_WIDTHS}, not {clip.skeleton.name} in"
            f" {clip.unit}"
        )
    dims = clip.coordinates.shape[2]
    points_FJC = np.where(clip.valid[..., None], clip.coordinates * OWN_UNIT + OWN_ORIGIN[:dims], 0)
    body = NumPyPoseBody(clip.fps, points_FJC[:, None].astype(np.float32), clip.valid[:, None].astype(np.float32))
    pose = Pose(_own_header(dims), body)
    write_atomically(path, pose.write)


def _own_header(dims: int) -> PoseHeader:
    """A header for joints in the order of the 50-joint skeleton; bones inside a component are drawn."""
    from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions

    components = []
    for name, part in OWN_COMPONENTS.items():
        joints = SKELETON_50.parts[part]
        bones = [
            (joints.index(a), joints.index(b)) for a, b in SKELETON_50.bones.tolist() if a in joints and b in joints
        ]
        names = [SKELETON_50.joints[joint] for joint in joints]
        components.append(PoseHeaderComponent(name, names, bones, [_COLOURS[part]] * len(bones), "XYZ"[:dims] + "C"))
    return PoseHeader(0.2, PoseHeaderDimensions(*OWN_SIZE), components)


WRITER = PoseWriter(".pose", write)
