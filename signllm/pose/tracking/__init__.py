"""From videos to tracked points: decoding (PyAV), a tracker in a process of its own, the choice of hands, a cache."""
