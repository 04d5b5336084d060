"""What figures, systems and subsets are called where people read them: English and Chinese."""

from __future__ import annotations

from signllm.evaluation.baselines import BASELINES

FIGURES: dict[str, tuple[str, str]] = {
    "dtw_score": ("DTW score", "DTW 得分"),
    "pt_dtw": ("PT DTW", "PT 版 DTW"),
    "slrtp2025": ("SLRTP 2025 DTW-MJE", "SLRTP 2025 DTW-MJE"),
    "ham2pose_ndtw": ("Ham2Pose nDTW", "Ham2Pose nDTW"),
    "ndtw_p": ("nDTWp", "nDTWp"),
    "dtw_p": ("DTWp", "DTWp"),
    "dtw_jpe_body": ("DTW-JPE, body", "DTW-JPE（身体）"),
    "dtw_jpe_left_hand": ("DTW-JPE, left hand", "DTW-JPE（左手）"),
    "dtw_jpe_right_hand": ("DTW-JPE, right hand", "DTW-JPE（右手）"),
    "dtw_pa_jpe_body": ("DTW-PA-JPE, body", "DTW-PA-JPE（身体）"),
    "dtw_pa_jpe_left_hand": ("DTW-PA-JPE, left hand", "DTW-PA-JPE（左手）"),
    "dtw_pa_jpe_right_hand": ("DTW-PA-JPE, right hand", "DTW-PA-JPE（右手）"),
    "coverage": ("Coverage", "关节覆盖率"),
    "pck": ("PCK", "PCK 关键点正确率"),
    "fgd": ("FGD", "FGD"),
    "mpjpe": ("Mean joint error", "平均关节误差"),
    "pose_similarity": ("Pose similarity", "姿态相似度"),
    "handshape_similarity": ("Handshape similarity", "手形相似度"),
    "motion_smoothness": ("Motion smoothness", "动作平滑度"),
    "total_distance": ("Wrist path length", "手腕路程比"),
    "duration_median": ("Duration, median", "时长比（中位数）"),
    "duration_total": ("Duration, total", "时长比（总帧数）"),
    "duration": ("Duration", "时长比"),
    "jerk_ratio": ("Jerk", "加加速度比"),
    "path_ratio_hands": ("Finger path length", "手指路程比"),
    "velocity_ratio_body": ("Velocity, body", "速度比（身体）"),
    "velocity_ratio_left_hand": ("Velocity, left hand", "速度比（左手）"),
    "velocity_ratio_right_hand": ("Velocity, right hand", "速度比（右手）"),
    "displacement_ratio_body": ("Displacement, body", "短时位移比（身体）"),
    "displacement_ratio_left_hand": ("Displacement, left hand", "短时位移比（左手）"),
    "displacement_ratio_right_hand": ("Displacement, right hand", "短时位移比（右手）"),
    "variance_ratio_body": ("Variance, body", "方差比（身体）"),
    "variance_ratio_left_hand": ("Variance, left hand", "方差比（左手）"),
    "variance_ratio_right_hand": ("Variance, right hand", "方差比（右手）"),
    "bt_top_1": ("Recognised, top 1", "识别率 top-1"),
    "bt_top_5": ("Recognised, top 5", "识别率 top-5"),
    **{f"bt_bleu_{n}": (f"Back-translation BLEU-{n}", f"回译 BLEU-{n}") for n in (1, 2, 3, 4)},
    "bt_chrf": ("Back-translation chrF", "回译 chrF"),
    "bt_rouge_l": ("Back-translation ROUGE-L", "回译 ROUGE-L"),
    "bt_wer": ("Back-translation WER", "回译词错误率"),
    **{f"bt_gloss_bleu_{n}": (f"Read gloss BLEU-{n}", f"识别 gloss BLEU-{n}") for n in (1, 2, 3, 4)},
    "bt_gloss_chrf": ("Read gloss chrF", "识别 gloss chrF"),
    "bt_gloss_rouge_l": ("Read gloss ROUGE-L", "识别 gloss ROUGE-L"),
    "bt_gloss_wer": ("Read gloss WER", "识别 gloss 错误率"),
    "bone_length_ratio_body": ("Bone length, body", "骨长比（身体）"),
    "bone_length_ratio_fingers": ("Bone length, fingers", "骨长比（手指）"),
    "bone_length_variation": ("Bone length variation", "骨长变化"),
}
SYSTEMS: dict[str, tuple[str, str]] = {
    "reference": ("Reference", "参考"),
    "model": ("Model", "模型"),
    "frozen_mean": ("Frozen mean", "静止平均姿态"),
    "random_clip": ("Random clip", "随机片段"),
    "nearest_text": ("Nearest text", "最近文本"),
    "mean_clip": ("Mean clip", "平均片段"),
    "gloss_clips": ("Gloss clips", "按 gloss 拼接"),
    "predictions": ("Predictions", "预测"),
}
SUBSETS: dict[str, tuple[str, str]] = {
    "unseen_texts": ("without texts that stand in training", "去掉训练集中出现过的文本"),
    "unseen_clips": ("without clips that stand in training", "去掉训练集中出现过的片段"),
    "unseen_texts_and_clips": ("without either", "两者都去掉"),
}


def figure_label(name: str) -> tuple[str, str]:
    """A figure's name in English and Chinese; one that has no entry is called by its own name."""
    plain = name.replace("_", " ")
    return FIGURES.get(name, (plain[:1].upper() + plain[1:], plain))


def system_label(name: str) -> tuple[str, str]:
    """A system's name in English and Chinese."""
    plain = BASELINES[name].label if name in BASELINES else name.replace("_", " ")
    return SYSTEMS.get(name, (plain, plain))
