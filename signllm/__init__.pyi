from signllm.data.clips import ClipCollection as ClipCollection
from signllm.data.clips import open_clips as open_clips
from signllm.inference import GeneratedClip as GeneratedClip
from signllm.inference import Generator as Generator
from signllm.pose import PoseSequence as PoseSequence

__version__: str
