"""Each sign language: its code, aliases, spoken language and prompt phrasings. Another one is an entry here.

`prompts` are used for training, `held_out_prompts` only for evaluation: Prompt2LangGloss must read the
language from phrasings it never saw. Every phrasing holds `{text}` once and names the sign language.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SignLanguage:
    """One sign language: `code` names it everywhere in the toolkit; `spoken` is an ISO 639-1 code."""

    code: str
    name: str
    spoken: str
    aliases: tuple[str, ...]
    prompts: tuple[str, ...]
    held_out_prompts: tuple[str, ...]


PAPER: tuple[SignLanguage, ...] = (
    SignLanguage(
        "ASL",
        "American Sign Language",
        "en",
        ("ASE",),
        (
            "How do you say '{text}' in American Sign Language?",
            "What is '{text}' in American Sign Language?",
            "Please sign '{text}' in ASL.",
            "Show me the ASL signs for '{text}'.",
        ),
        ("How would I express '{text}' using American Sign Language?", "Translate '{text}' into ASL, please."),
    ),
    SignLanguage(
        "GSL",
        "German Sign Language",
        "de",
        ("DGS", "GSG"),
        (
            "Wie sagt man '{text}' in Deutscher Gebärdensprache?",
            "Was heißt '{text}' in der Deutschen Gebärdensprache?",
            "Bitte gebärde '{text}' in DGS.",
            "Zeig mir die DGS-Gebärden für '{text}'.",
        ),
        (
            "Wie würde ich '{text}' in Deutscher Gebärdensprache ausdrücken?",
            "Übersetze '{text}' bitte in DGS.",
        ),
    ),
    SignLanguage(
        "DSGS",
        "Swiss German Sign Language",
        "de",
        ("SGG", "SGSL"),
        (
            "Wie sagt man '{text}' in Deutschschweizer Gebärdensprache?",
            "Was heißt '{text}' in der Deutschschweizer Gebärdensprache?",
            "Bitte gebärde '{text}' in DSGS.",
            "Zeig mir die DSGS-Gebärden für '{text}'.",
        ),
        (
            "Wie würde ich '{text}' in Deutschschweizer Gebärdensprache ausdrücken?",
            "Übersetze '{text}' bitte in DSGS.",
        ),
    ),
    SignLanguage(
        "LSF-CH",
        "French Sign Language of Switzerland",
        "fr",
        ("LSF", "LSFCH", "LSFS"),
        (
            "Comment dit-on '{text}' en langue des signes suisse romande ?",
            "Que signifie '{text}' en langue des signes suisse romande ?",
            "Signe '{text}' en LSF-CH, s'il te plaît.",
            "Montre-moi les signes LSF-CH pour '{text}'.",
        ),
        (
            "Comment pourrais-je exprimer '{text}' en langue des signes suisse romande ?",
            "Traduis '{text}' en LSF-CH.",
        ),
    ),
    SignLanguage(
        "LIS-CH",
        "Italian Sign Language of Switzerland",
        "it",
        ("LIS", "LISCH", "LIS-SI"),
        (
            "Come si dice '{text}' nella lingua dei segni della Svizzera italiana?",
            "Che cosa significa '{text}' nella lingua dei segni della Svizzera italiana?",
            "Segna '{text}' in LIS-CH, per favore.",
            "Mostrami i segni LIS-CH per '{text}'.",
        ),
        (
            "Come potrei esprimere '{text}' nella lingua dei segni della Svizzera italiana?",
            "Traduci '{text}' in LIS-CH.",
        ),
    ),
    SignLanguage(
        "LSA",
        "Argentine Sign Language",
        "es",
        ("AED",),
        (
            "¿Cómo se dice '{text}' en Lengua de Señas Argentina?",
            "¿Qué significa '{text}' en Lengua de Señas Argentina?",
            "Por favor, di '{text}' en LSA.",
            "Muéstrame las señas de LSA para '{text}'.",
        ),
        ("¿Cómo podría expresar '{text}' en Lengua de Señas Argentina?", "Traduce '{text}' a LSA."),
    ),
    SignLanguage(
        "KSL",
        "Korean Sign Language",
        "ko",
        ("KVK",),
        (
            "'{text}'을(를) 한국 수어로 어떻게 말하나요?",
            "한국 수어로 '{text}'은(는) 무엇인가요?",
            "'{text}'을(를) KSL로 표현해 주세요.",
            "'{text}'의 KSL 수어를 보여 주세요.",
        ),
        ("한국 수어에서 '{text}'을(를) 어떻게 표현할 수 있을까요?", "'{text}'을(를) KSL로 번역해 주세요."),
    ),
    SignLanguage(
        "TSL",
        "Turkish Sign Language",
        "tr",
        ("TID", "TİD", "TSM"),
        (
            "'{text}' Türk İşaret Dili'nde nasıl söylenir?",
            "Türk İşaret Dili'nde '{text}' ne demektir?",
            "Lütfen '{text}' ifadesini TİD ile işaret et.",
            "Bana '{text}' için TİD işaretlerini göster.",
        ),
        ("'{text}' Türk İşaret Dili ile nasıl ifade edilebilir?", "'{text}' ifadesini TİD'e çevir."),
    ),
)

MORE: tuple[SignLanguage, ...] = (
    SignLanguage(
        "CSL",
        "Chinese Sign Language",
        "zh",
        ("中国手语",),
        (
            "“{text}”用中国手语怎么说？",
            "中国手语里“{text}”怎么打？",
            "请用 CSL 打出“{text}”。",
            "给我看“{text}”的 CSL 手语。",
        ),
        ("怎样用中国手语表达“{text}”？", "请把“{text}”翻译成 CSL。"),
    ),
    SignLanguage(
        "BSL",
        "British Sign Language",
        "en",
        ("BFI",),
        (
            "How do you say '{text}' in British Sign Language?",
            "What is '{text}' in British Sign Language?",
            "Please sign '{text}' in BSL.",
            "Show me the BSL signs for '{text}'.",
        ),
        ("How would I express '{text}' using British Sign Language?", "Translate '{text}' into BSL, please."),
    ),
    SignLanguage(
        "AUSLAN",
        "Australian Sign Language",
        "en",
        ("ASF",),
        (
            "How do you say '{text}' in Australian Sign Language?",
            "What is '{text}' in Australian Sign Language?",
            "Please sign '{text}' in Auslan.",
            "Show me the Auslan signs for '{text}'.",
        ),
        ("How would I express '{text}' using Australian Sign Language?", "Translate '{text}' into Auslan, please."),
    ),
    SignLanguage(
        "ISL",
        "Indian Sign Language",
        "en",
        ("INS",),
        (
            "How do you say '{text}' in Indian Sign Language?",
            "What is '{text}' in Indian Sign Language?",
            "Please sign '{text}' in ISL.",
            "Show me the ISL signs for '{text}'.",
        ),
        ("How would I express '{text}' using Indian Sign Language?", "Translate '{text}' into ISL, please."),
    ),
    SignLanguage(
        "LSE",
        "Spanish Sign Language",
        "es",
        ("SSP",),
        (
            "¿Cómo se dice '{text}' en Lengua de Signos Española?",
            "¿Qué significa '{text}' en Lengua de Signos Española?",
            "Por favor, signa '{text}' en LSE.",
            "Muéstrame los signos de LSE para '{text}'.",
        ),
        ("¿Cómo podría expresar '{text}' en Lengua de Signos Española?", "Traduce '{text}' a LSE."),
    ),
    SignLanguage(
        "JSL",
        "Japanese Sign Language",
        "ja",
        ("日本手話",),
        (
            "「{text}」は日本手話で何と言いますか？",
            "日本手話で「{text}」はどう表しますか？",
            "「{text}」をJSLで表してください。",
            "「{text}」のJSLの手話を見せてください。",
        ),
        ("日本手話を使って「{text}」をどのように表現できますか？", "「{text}」をJSLに訳してください。"),
    ),
)


def name_key(name: str) -> str:
    """The one form in which names of languages are compared."""
    return name.strip().upper().replace("İ", "I").replace("_", "-")


def names_of(language: SignLanguage) -> set[str]:
    """Every name of a language, in the one form in which names are compared."""
    return {name_key(name) for name in (language.code, *language.aliases, language.name)}
