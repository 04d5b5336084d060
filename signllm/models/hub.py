"""The model hub: asking once whether it has something, within seconds, and fetching a shared model's folder.

The hub's own client retries for 23 s a file where it cannot be reached.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signllm.errors import CheckpointError

PATIENCE_S = 8.0  # for the name look-up, the connection and the first answer together


@dataclass(frozen=True)
class HubAnswer:
    """`fault`: why a file cannot be had, None where it can. `refused`: the hub itself said so."""

    fault: str | None = None
    refused: bool = False


def ask_hub(name: str, file: str = "config.json", revision: str | None = None) -> HubAnswer:
    """Ask the hub once for a file of the repository `name`.

    The request runs in a thread because looking a name up can hang for longer than any timeout of the client.
    """
    from huggingface_hub import constants, get_session, hf_hub_url

    if constants.HF_HUB_OFFLINE:
        return HubAnswer("HF_HUB_OFFLINE forbids asking the hub")
    answer: dict[str, Any] = {"reason": f"no answer within {PATIENCE_S:.0f} s"}

    def ask() -> None:
        try:
            url = hf_hub_url(name, file, revision=revision)
            answer["response"] = get_session().head(url, timeout=PATIENCE_S)
        except Exception as error:  # each version of the client raises types of its own
            answer["reason"] = str(error) or type(error).__name__

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    response = answer.get("response")
    if response is not None and "x-error-code" in response.headers:
        return HubAnswer(response.headers["x-error-code"], refused=True)  # a proxy's refusal has no such header
    if response is not None and response.status_code < 400:
        return HubAnswer()
    reason = answer["reason"] if response is None else f"it answered with status {response.status_code}"
    return HubAnswer(f"{constants.ENDPOINT} cannot be reached from here ({reason})")


def fetch(name: str, revision: str | None, files: list[str]) -> Path:
    """The folder with these files of a repository on the hub, fetched unless they are in the hub's cache.

    `revision` is a branch, a tag or a commit. Where the hub cannot be reached, what was fetched before is taken. Raises
    CheckpointError when the repository cannot be had.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    where = f"'{name}'" + (f" at revision '{revision}'" if revision else "")
    try:
        validate_repo_id(name)
    except HFValidationError:
        raise CheckpointError(
            f"{where}: there is no such folder here, and it is no name on the model hub (owner/name)"
        ) from None
    answer = ask_hub(name, files[0], revision)
    if answer.refused:
        raise CheckpointError(
            f"{where}: neither a folder here nor a model that the hub gives out without a login ({answer.fault}); check"
            " the name and the revision"
        )
    try:
        return Path(
            snapshot_download(name, revision=revision, allow_patterns=files, local_files_only=bool(answer.fault))
        )
    except Exception as error:  # each version of the client raises types of its own
        reason = answer.fault or str(error).splitlines()[0] or type(error).__name__
        raise CheckpointError(
            f"{where}: not in the hub's cache on this machine, and cannot be fetched: {reason}; give the folder of a"
            " model that was downloaded elsewhere"
        ) from error
