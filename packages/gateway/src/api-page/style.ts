/** Paper and ink, light and dark; nothing is loaded from elsewhere. */
export const apiPageStyle = `
:root { color-scheme: light dark; --back: #fbfaf8; --surface: #fff; --raised: #f4f2ee; --line: #e3dfd8; --text: #1c1b19;
  --muted: #65615a; --accent: #0b6660; --on-accent: #fff; --soft: #dcefec; --danger: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --back: #141517; --surface: #1b1d20; --raised: #23262a; --line: #32363b;
  --text: #eceae6; --muted: #a9a59e; --accent: #4fc3b5; --on-accent: #0c1f1d; --soft: #17302e; --danger: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 14px/1.45 Inter, system-ui, sans-serif; }
header, main, nav { max-width: 960px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 20px; line-height: 1.2; margin: 36px 0 4px; }
h3 { font-size: 13px; margin: 16px 0 4px; color: var(--muted); font-weight: 600; }
p { margin: 6px 0; max-width: 760px; }
a { color: var(--accent); }
code, pre, textarea, output, .path { font-family: 'JetBrains Mono', ui-monospace, monospace; font-size: 12px; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 12px; overflow: auto;
  max-height: 420px; margin: 4px 0; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 0; list-style: none; }
details { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; margin: 8px 0; }
details > div { padding: 0 16px 16px; }
summary { display: grid; grid-template-columns: 64px minmax(200px, 2fr) 3fr; gap: 12px; padding: 12px 16px; cursor: pointer;
  align-items: baseline; overflow-wrap: anywhere; }
@media (max-width: 720px) { summary { grid-template-columns: 64px 1fr; } summary > :last-child { grid-column: 1 / -1; } }
.method { font-weight: 600; color: var(--accent); font-size: 12px; }
.muted { color: var(--muted); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); font-weight: 400; }
label { display: block; margin: 8px 0 2px; color: var(--muted); }
input, textarea { width: 100%; padding: 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--back);
  color: var(--text); font-size: 13px; }
textarea { min-height: 120px; }
button { margin-top: 12px; padding: 8px 16px; border: 0; border-radius: 6px; background: var(--accent);
  color: var(--on-accent); font: inherit; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
output { display: block; white-space: pre-wrap; overflow-wrap: anywhere; margin-top: 8px; }
.failed { color: var(--danger); }
`
