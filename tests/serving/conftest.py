"""A tiny model of random weights, served within the process."""

import pytest

from signllm.config import parse_config
from signllm.config.loading import apply_overrides
from tests.helpers.serving import tiny_generator
from tests.helpers.tiny import TINY


@pytest.fixture
def fastapi():
    """FastAPI and uvicorn, or a skip."""
    for name in ("uvicorn", "fastapi"):
        module = pytest.importorskip(name, reason=f"no {name}: pip install -r requirements-serve.txt")
    return module


@pytest.fixture(scope="session")
def make_generator():
    """make_generator("model.pose_decoder.type=flow", ...) gives a generator of random weights."""
    import torch

    def make(*overrides):
        torch.manual_seed(0)
        return tiny_generator(parse_config(apply_overrides(TINY, ["data.max_frames=20", *overrides])))

    return make


@pytest.fixture
def serve_models(fastapi):
    """serve_models(models, limits, access, avatar) gives a TestClient of the running application."""
    from starlette.testclient import TestClient

    from signllm.serving.app import make_app
    from signllm.serving.guard import Access
    from signllm.serving.models import Models

    clients = []

    def start(models, limits=None, access=None, avatar=None):
        client = TestClient(make_app(Models(models), access or Access(), limits, avatar), "http://localhost")
        client.__enter__()
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def serve(make_generator, serve_models):
    """serve(limits, access, generators={name: generator}): as `serve_models`, with models of these generators."""
    from signllm.serving.batching import Batcher
    from signllm.serving.models import ServedModel

    def start(limits=None, access=None, generators=None, avatar=None, batch_size=32):
        generators = generators or {"tiny": make_generator()}
        models = [ServedModel(name, g, Batcher(g, batch_size)) for name, g in generators.items()]
        return serve_models(models, limits, access, avatar)

    return start
