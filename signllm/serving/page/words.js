// Every word that the page says, in English and in Chinese.

const WORDS = {
  en: {
    ask: "What should be signed?",
    beside: "Side by side with",
    busy: "Many are signing at the moment. Please try again in {seconds} s.",
    dark: "Dark",
    download: "Download",
    downloadFailed: "This file could not be made: {why}",
    empty: "Please type a text to sign.",
    example: "Try: {text}",
    examples: "Examples",
    failed: "The server could not sign this: {why}",
    firstFrame: "first frame after {seconds} s",
    forget: "Clear",
    gloss: "Gloss",
    go: "Sign",
    gone: "The clip is no longer kept by the server. Sign the text again to download it.",
    history: "History",
    honest:
      "Signing made by a machine. No signer has judged it: do not use it in place of an interpreter.",
    language: "中文",
    light: "Light",
    making: "Making {format} …",
    mode: "Mode",
    model: "Model",
    modeAny: "Any",
    noteTitle: "What the model does not know",
    offline: "The server does not answer. Is it still running?",
    options: "Options",
    optionDefault: "as configured: {value}",
    placeholder: "A sentence, a paragraph, or a prompt",
    readPrompt: "As the prompt says",
    rest: "Type a sentence and watch it signed.",
    seed: "Seed",
    shortcut: "Ctrl + Enter signs. Up to {characters} characters.",
    signLanguage: "Sign language",
    single: "Nothing",
    signing: "Signing …",
    signingPart: "Signing sentence {number} of {count} …",
    split: "Sign sentence by sentence",
    stop: "Stop",
    stopped: "Stopped.",
    strict: "Refuse words the model does not know",
    tagline: "From text to signing",
    tooLong: "{length} characters; at most {characters} are signed at once.",
  },
  zh: {
    ask: "想用手语表达什么？",
    beside: "并排对比",
    busy: "当前请求较多，请 {seconds} 秒后重试。",
    dark: "深色",
    download: "下载",
    downloadFailed: "无法生成该文件：{why}",
    empty: "请输入要生成手语的文本。",
    example: "试试：{text}",
    examples: "示例",
    failed: "服务器无法生成：{why}",
    firstFrame: "首帧 {seconds} 秒",
    forget: "清空",
    gloss: "Gloss",
    go: "生成手语",
    gone: "服务器已不再保存该片段。请重新生成后再下载。",
    history: "历史记录",
    honest: "手语由机器生成，未经手语使用者评估，请勿代替手语翻译。",
    language: "English",
    light: "浅色",
    making: "正在生成 {format} …",
    mode: "模式",
    model: "模型",
    modeAny: "不限",
    noteTitle: "模型不认识的内容",
    offline: "服务器没有响应，它还在运行吗？",
    options: "选项",
    optionDefault: "配置值：{value}",
    placeholder: "一个句子、一段话，或一条提示",
    readPrompt: "由提示决定",
    rest: "输入一句话，看它变成手语。",
    seed: "随机种子",
    shortcut: "Ctrl + Enter 生成。最多 {characters} 个字符。",
    signLanguage: "手语语种",
    single: "不对比",
    signing: "正在生成 …",
    signingPart: "正在生成第 {number} 句，共 {count} 句 …",
    split: "逐句生成",
    stop: "停止",
    stopped: "已停止。",
    strict: "拒绝模型不认识的词",
    tagline: "由文本生成手语",
    tooLong: "{length} 个字符；一次最多 {characters} 个。",
  },
};

/** The language that the reader chose, or else that the browser asks for: Chinese or English. */
export function initialLanguage() {
  const asked = remembered("language") ?? navigator.language ?? "";
  return asked.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** A sentence, with {names} replaced. */
export function say(language, key, values = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** What the reader chose on an earlier visit; null where nothing, or where the browser keeps nothing. */
export function remembered(name) {
  try {
    return localStorage.getItem(`signllm.${name}`);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`signllm.${name}`, value);
  } catch {
    // a browser that keeps nothing
  }
}
