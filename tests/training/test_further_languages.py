"""Training in sign languages beside the paper's eight: Chinese, and one that a file describes."""

import json

import pytest

from signllm.data.store import ClipRecord, StoreWriter
from signllm.inference import Generator
from signllm.languages import VARIABLE, make_prompt
from tests.helpers.runs import run
from tests.helpers.sources import clip

NGT = {
    "name": "Sign Language of the Netherlands",
    "spoken": "nl",
    "prompts": ["Hoe zeg je '{text}' in NGT?"],
    "held_out_prompts": ["Vertaal '{text}' naar NGT."],
}
TEXTS = {
    "CSL": [("他有姐姐。", "他 有 姐姐"), ("明天北京下雨。", "明天 北京 雨"), ("我去学校。", "我 去 学校")],
    "NGT": [("ik heb een zus", "IK ZUS"), ("morgen regent het", "MORGEN REGEN"), ("tot ziens", "TOT ZIENS")],
}


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Three training clips and a dev clip in each of the two languages."""
    described = tmp_path / "languages.json"
    described.write_text(json.dumps({"NGT": NGT}), encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(described))
    for language, texts in TEXTS.items():
        for split, chosen in (("train", texts), ("dev", texts[:1])):
            with StoreWriter(tmp_path / "store", language, split) as writer:
                for number, (text, gloss) in enumerate(chosen):
                    pose = clip(number, 12)
                    writer.add(ClipRecord(f"{split}{number}", text, language, pose.fps, len(pose), gloss), pose)
                writer.finish({})
    return tmp_path / "store"


@pytest.mark.parametrize("mode", ["mlsf", "prompt2langgloss"])
def test_further_languages_are_trained_and_signed(make_config, store, mode):
    config = make_config(
        f"model.mode={mode}", f"data.dataset_path={store}", "model.languages=[]", "training.max_steps=2"
    )
    trainer, losses = run(config)
    assert losses
    generator = Generator.from_checkpoint(trainer.run.folder.last, "cpu")
    for language, ((text, _), *_) in TEXTS.items():
        asked = make_prompt(text, language) if mode == "prompt2langgloss" else text
        signed = generator(asked, None if mode == "prompt2langgloss" else language)
        assert len(signed.pose) > 0
        assert not {note.kind for note in signed.notes} & {"unknown_words", "other_script", "unknown_letters"}
