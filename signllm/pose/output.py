"""What every clip can do, whatever it knows beside its pose: save itself in any format, and show itself."""

from __future__ import annotations

import sys
import tempfile
import webbrowser
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from signllm.hooks import hook


class Captioned(NamedTuple):
    """A PoseSequence and the words on pictures of it: `title` on top, `label` over the signer, `note` on pages.

    `told`: what is known of the clip beside the pose, for `.json`.
    """

    pose: Any  # the module of PoseSequence imports this one
    title: str = ""
    label: str = ""
    note: tuple[str, str] = ("", "")  # English, Chinese
    told: Mapping[str, Any] = MappingProxyType({})


class ClipOutput(ABC):
    """Saving and showing, for classes that say what is to be seen."""

    @abstractmethod
    def captioned(self) -> Captioned:
        """The pose to write or draw, with its words."""

    def save(
        self,
        path: str | Path,
        size: int = 480,
        view: str = "front",
        avatar: str | Path | None = None,
        avatar_map: str | Path | None = None,
    ) -> Path:
        """Write a file in the format of its suffix and return its path.

        `.npz`, `.skels`, `.pose`, `.csv` and `.json` hold the pose, `.json` with all that is known of the clip; `.mp4`,
        `.gif`, `.webp` and `.png` (a contact sheet) show it, `size` pixels wide and from the `view` 'front' or 'side';
        `.html` is a page that plays it from every side, `.glb` our avatar that signs it, `.vrma` and `.bvh` its motion
        alone. `avatar` is a person who signs in these in place of a skeleton or our avatar: 'ours', or a .glb or .vrm
        file, with `avatar_map` for bones that are not found. The file appears whole or not at all. Raises
        ConfigError for an unknown suffix, size or view, DataError where the format cannot hold the clip or an avatar
        cannot be used, OutputError where the file cannot be written.
        """
        path = Path(path)
        hook("clip files").write(path, self.captioned(), size, view, avatar, avatar_map)
        return path

    def show(self) -> None:
        """Play the clip: in the notebook, or outside of one in the web browser."""
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        if shell is not None:
            from IPython.display import display

            display(self)
            return
        with tempfile.NamedTemporaryFile(suffix=".html", prefix="signllm-", delete=False) as page:
            path = Path(page.name)
        webbrowser.open(self.save(path).as_uri())

    def _repr_html_(self) -> str:
        """For notebooks: the player, as a part of the page."""
        return str(hook("clip files").html(self.captioned()))
