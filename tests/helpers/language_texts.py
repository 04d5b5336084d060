"""A sentence in the spoken language of each sign language, and the corpus that tokenizers learn from."""

from signllm.languages import CODES, make_prompt

TEXTS = {
    "ASL": "We're going to the station tomorrow.",
    "GSL": "morgen regnet es überall, größere schauer in münchen .",
    "DSGS": "Zürich heißt auf Französisch Zurich; schön und schon sind zwei Wörter.",
    "LSF-CH": "Où est la forêt ? Ça, c'est l'élève à côté.",
    "LIS-CH": "Perché la città è più bella di là?",
    "LSA": "¿Cómo está el niño? ¡Mañana será mejor, señor!",
    "KSL": "안녕하세요, 만나서 반갑습니다. 값을 읽다!",
    "TSL": "İstanbul'da ılık bir gün, çiçekler ığıl ığıl; şöyle güzel.",
}
CORPUS = [*TEXTS.values(), *(make_prompt(TEXTS[code], code, index) for code in CODES for index in range(4))]
