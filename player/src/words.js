// Every word that the page says, in English and in Chinese.

import { FINGERS } from "./strokes.js";

const WORDS = {
  en: {
    alignHint: "Each clip at the pace of the reference, by dynamic time warping",
    aligned: "Aligned",
    avatar: "Avatar",
    body: "{name}: signing",
    clip: "Clip",
    close: "Close",
    contrast: "High contrast",
    figure: "Figure",
    failure: "This page needs a browser with WebGL to show the signing.",
    flat: "2D",
    flatHint: "This clip has no depth: from the side and from above it is flat.",
    frame: "frame {frame} of {frames}",
    front: "Front",
    help: "Keys and gestures",
    language: "中文",
    loop: "Loop",
    mirror: "Mirror",
    missing: "{count} joints missing",
    next: "Next clip",
    nextFrame: "Next frame",
    pause: "Pause",
    play: "Play",
    precision: "Positions are rounded to {error} of a shoulder width.",
    previous: "Previous clip",
    previousFrame: "Previous frame",
    reference: "reference",
    side: "Side",
    skeleton: "Skeleton",
    smooth: "Smooth",
    smoothHint: "While it plays, show positions between two frames",
    speed: "Speed",
    timeline: "Position in the clip",
    top: "Top",
    trails: "Trails",
    trailsHint: "Where the hands were in the last second",
    view: "View",
  },
  zh: {
    alignHint: "用动态时间规整（DTW）让各片段与参考同步",
    aligned: "对齐",
    avatar: "虚拟人",
    body: "{name}：手语动作",
    clip: "片段",
    close: "关闭",
    contrast: "高对比度",
    figure: "形象",
    failure: "本页面需要支持 WebGL 的浏览器才能显示手语动作。",
    flat: "2D",
    flatHint: "该片段没有深度信息：从侧面和上方看是平的。",
    frame: "第 {frame} 帧，共 {frames} 帧",
    front: "正面",
    help: "按键与手势",
    language: "English",
    loop: "循环",
    mirror: "镜像",
    missing: "缺失 {count} 个关节",
    next: "下一个片段",
    nextFrame: "下一帧",
    pause: "暂停",
    play: "播放",
    precision: "坐标的舍入误差不超过 {error} 个肩宽。",
    previous: "上一个片段",
    previousFrame: "上一帧",
    reference: "参考",
    side: "侧面",
    skeleton: "骨架",
    smooth: "平滑",
    smoothHint: "播放时在相邻两帧之间插值",
    speed: "速度",
    timeline: "片段中的位置",
    top: "俯视",
    trails: "轨迹",
    trailsHint: "最近一秒内双手经过的位置",
    view: "视角",
  },
};

/** What the help says: [keys, English, Chinese]. */
export const KEYS = [
  ["Space", "play, pause", "播放、暂停"],
  ["← →", "one frame back, onward", "后退、前进一帧"],
  ["Page ↑ Page ↓", "previous, next clip", "上一个、下一个片段"],
  ["Home End", "first, last frame", "第一帧、最后一帧"],
  ["1 2 3", "front, side, top", "正面、侧面、俯视"],
  ["Shift + ← → ↑ ↓", "go around the signer", "环绕手语者"],
  ["+ −", "nearer, further away", "放大、缩小"],
  ["[ ]", "slower, faster", "减速、加速"],
  ["M", "mirror", "镜像"],
  ["L", "loop", "循环"],
  ["T", "trails of the hands", "双手轨迹"],
  ["A", "align with the reference", "与参考对齐"],
  ["S", "smooth", "平滑"],
  ["F", "skeleton or avatar", "骨架或虚拟人"],
  ["C", "high contrast", "高对比度"],
  ["?", "this list", "显示本列表"],
];
export const GESTURES = [
  [["Drag", "拖动"], "go around the signer", "环绕手语者"],
  [["Wheel, two fingers", "滚轮、双指"], "nearer, further away", "放大、缩小"],
  [["Point at a joint", "指向关节"], "its name and position", "显示名称与坐标"],
  [["Double click", "双击"], "put the joint into the middle", "将关节移到中央"],
];

const SIDES = { right: "右", left: "左" };
const FINGERS_ZH = ["拇指", "食指", "中指", "无名指", "小指"];
const PARTS_ZH = { nose: "鼻", neck: "颈", shoulder: "肩", elbow: "肘", wrist: "腕", hand_root: "手根" };

/** The language that the browser asks for: Chinese or else English. */
export function initialLanguage() {
  return (navigator.language ?? "").toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** A sentence, with {names} replaced. */
export function say(language, key, values = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A joint's name for readers: `right_index_2` is "right index finger 2" or "右手食指 2". */
export function jointName(language, name) {
  const words = name.split("_");
  const finger = FINGERS.indexOf(words[1]);
  if (language === "en") {
    if (finger > 0) words.splice(1, 1, `${words[1]} finger`);
    return words.join(" ");
  }
  if (finger >= 0) return `${SIDES[words[0]]}手${FINGERS_ZH[finger]} ${words[2]}`;
  if (words[0] in SIDES) return SIDES[words[0]] + (PARTS_ZH[words.slice(1).join("_")] ?? words.slice(1).join(" "));
  return PARTS_ZH[name] ?? name;
}
