"""How the report's page looks: style sheet, and the few lines that choose its language."""

STYLE = """
:root{--ink:#21252b;--muted:#69727f;--line:#e3e7ec;--soft:#f6f8fa;--accent:#0060aa;--warn:#8a5a00;--warn-bg:#fff8e6}
*{box-sizing:border-box}
body{margin:0;background:#eef1f4;color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",
sans-serif}
main{max-width:1180px;margin:0 auto;padding:28px 24px 60px}
.switch{position:absolute;opacity:0}
.languages{float:right;border:1px solid var(--line);border-radius:8px;overflow:hidden;background:#fff;display:flex}
.languages label{padding:4px 12px;cursor:pointer;color:var(--muted);font-size:13px}
#en:checked~main .zh,#zh:checked~main .en{display:none!important}
#en:checked~main label[for=en],#zh:checked~main label[for=zh]{background:var(--accent);color:#fff}
.switch:focus-visible~main .languages{outline:2px solid var(--accent)}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:19px;margin:0 0 12px}
h3{font-size:15px;margin:0 0 6px;font-weight:600}
section{background:#fff;border:1px solid var(--line);border-radius:12px;padding:20px 22px;margin-top:18px}
p{margin:0 0 10px}
.muted{color:var(--muted)}
.small{font-size:13px}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:12px 0 0;font-size:13.5px}
.facts dt{color:var(--muted)}.facts dd{margin:0;overflow-wrap:anywhere}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.remarks{border-left:3px solid #d99a1c;background:var(--warn-bg);padding:10px 14px;
border-radius:0 8px 8px 0;margin:0 0 14px}
.remarks ul{margin:0;padding-left:18px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap;vertical-align:top}
th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:#fff}
thead th{color:var(--muted);font-weight:600;border-bottom:2px solid var(--line)}
thead th i{display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:6px}
tbody tr:hover td{background:var(--soft)}
td small{display:block;color:var(--muted);font-size:11.5px;line-height:1.3}
td.main{background:#f2f7fc}
td.best{font-weight:650}td.best small{font-weight:400}
.mark{color:var(--muted);font-weight:400;margin-left:4px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:18px 26px}
.charts>div{min-width:0}
svg{max-width:100%;height:auto;display:block}
svg text{font-size:11.5px;font-family:inherit}
.halo text{paint-order:stroke;stroke:#fff;stroke-width:3px}
.clips{display:grid;grid-template-columns:repeat(auto-fill,minmax(340px,1fr));gap:16px}
figure{margin:0;border:1px solid var(--line);border-radius:10px;overflow:hidden;background:#fff}
figure img{display:block;width:100%;height:auto}
figcaption{padding:9px 12px 11px;border-top:1px solid var(--line);font-size:13.5px}
figcaption b{display:block;overflow-wrap:anywhere}
.tag{display:inline-block;padding:0 8px;border-radius:9px;font-size:12px;font-weight:600;margin-right:6px}
.tag.best{background:#e2f3ea;color:#146c43}.tag.worst{background:#fdebe4;color:#a33d00}
details{margin-top:12px}
summary{cursor:pointer;color:var(--accent);font-size:14px}
.signatures li{margin-bottom:8px}.signatures{padding-left:18px;font-size:13px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:14px;margin-top:18px}
.tile{background:#fff;border:1px solid var(--line);border-radius:12px;padding:12px 16px}
.tile b{display:block;font-size:23px;line-height:1.35;font-variant-numeric:tabular-nums}
@media print{body{background:#fff}section{break-inside:avoid;border:none;padding:8px 0}.languages{display:none}}
"""

SCRIPT = """
if((navigator.language||'').toLowerCase().startsWith('zh'))document.getElementById('zh').checked=true;
"""
