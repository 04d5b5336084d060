"""What a Generator gives: a clip with its text, and what of the text the model cannot know."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from signllm.inference.notes import Note
from signllm.models.gloss import written
from signllm.pose import PoseSequence
from signllm.pose.output import Captioned, ClipOutput


@dataclass(frozen=True, repr=False)
class GeneratedClip(ClipOutput):
    """A generated clip. It saves and shows itself as a PoseSequence does, with its text.

    text: what was asked for. request: what the model read of it, a line a sentence. language: its code. gloss: the
    LangGloss words that Prompt2LangGloss wrote, None for MLSF. pose: in shoulder widths. sentences: what was signed one
    after the other. notes: what of the text the model cannot know, and what was cut.
    """

    text: str
    request: str
    language: str
    gloss: str | None
    pose: PoseSequence
    sentences: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    def __repr__(self) -> str:
        gloss = f", {written(self.language, self.gloss)}" if self.gloss else ""
        length = f"{len(self.pose)} frames, {self.pose.duration_s:.2f} s"
        notes = f", notes: {', '.join(note.kind for note in self.notes)}" if self.notes else ""
        return f"GeneratedClip({self.text!r}, {self.language}{gloss}, {length}{notes})"

    def captioned(self) -> Captioned:
        """As ClipOutput.captioned: language and text above, the gloss over the signer, what the model cannot know."""
        english, chinese = (" ".join(getattr(n, field) for n in self.notes) for field in ("message", "chinese"))
        note = (english, chinese)
        return Captioned(self.pose, f"{self.language}: {self.text}", self.gloss or "", note, self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Everything but the pose, as plain values: what `.json` holds beside it."""
        gloss = {} if self.gloss is None else {"gloss": self.gloss}
        return {
            "text": self.text,
            **gloss,
            "language": self.language,
            "request": self.request,
            "sentences": list(self.sentences),
            "fps": self.pose.fps,
            "frames": len(self.pose),
            "seconds": round(self.pose.duration_s, 3),
            "notes": [asdict(note) for note in self.notes],
        }

    @property
    def file_stem(self) -> str:
        """`ASL_hello-world`: a file name that says what the clip is."""
        words = re.sub(r"[^\w]+", "-", self.text.lower()).strip("-_")[:40].rstrip("-_")
        return f"{self.language}_{words or 'sign'}"
