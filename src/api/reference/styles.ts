/** Follows the colors that the reader's system asks for. */
export const STYLES = `
:root{color-scheme:light dark;--ink:light-dark(#1b1f24,#e6e8eb);--dim:light-dark(#5b6470,#9aa4b0);--paper:light-dark(#fff,#15181c);--line:light-dark(#dfe3e8,#2c323a);--soft:light-dark(#f5f7f9,#1c2127);--link:light-dark(#0b5cad,#7db8f5)}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
a{color:var(--link)}h1 small{color:var(--dim);font-weight:400}h2{margin:2rem 0 .5rem;text-transform:capitalize}h4{margin:1rem 0 .25rem}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:.75rem 0;border-block:1px solid var(--line);position:sticky;top:0;background:var(--paper)}
details{border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0}summary{padding:.5rem .75rem;cursor:pointer}
summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
details>div,details>pre{padding:0 .75rem .75rem}summary span{display:block;color:var(--dim);padding-left:1.1rem}summary b{display:inline-block;min-width:4.75rem}
code,pre{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}pre{overflow:auto;background:var(--soft);padding:.75rem;border-radius:.375rem;margin:.25rem 0}
table{border-collapse:collapse;width:100%}td{border-top:1px solid var(--line);padding:.25rem .5rem .25rem 0;vertical-align:top}
dt{font-weight:600;margin-top:.5rem}dd{margin:0 0 0 1rem}.open{color:var(--dim)}
`;
