"""Every format that a clip is written in, by the suffix of the file: said here, and nowhere else."""

VIDEOS = (".mp4", ".gif", ".webp", ".png")
"""Pictures of a clip; `.png` is a contact sheet."""
PAGE = ".html"
AVATARS = (".glb", ".vrma", ".bvh")
"""A person that signs, or its motion."""
POSES = (".npz", ".skels", ".pose", ".csv", ".json")
CLIPS = (*VIDEOS, PAGE, *AVATARS, *POSES)


def names(suffixes: tuple[str, ...] = CLIPS) -> tuple[str, ...]:
    """The suffixes without their points, as `--format` takes them."""
    return tuple(suffix.removeprefix(".") for suffix in suffixes)
