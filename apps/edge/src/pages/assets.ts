/** Inlined into every page, and hashed into its Content-Security-Policy: a change of a byte needs no other change. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5a6675;--paper:#f6f7f9;--card:#fff;--line:#dfe3e8;--accent:#2f6fed}
@media (prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#9aa6b4;--paper:#12161c;--card:#1a2028;--line:#2b333e;--accent:#7aa5ff}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--paper);color:var(--ink);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:30rem;width:100%;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:.9rem}
h1{margin:0 0 .5rem;font-size:1.35rem;line-height:1.25}
p{margin:0 0 1rem}
.wait{display:flex;align-items:center;gap:.6rem;color:var(--soft)}
.wait span{width:.7rem;height:.7rem;border-radius:50%;background:var(--accent);animation:pulse 1.2s ease-in-out infinite}
@keyframes pulse{50%{opacity:.25}}
@media (prefers-reduced-motion:reduce){.wait span{animation:none}}
footer{color:var(--soft);font-size:.8rem;overflow-wrap:anywhere}
`;

/** Tells an embedding page that its token or the sandbox has ended; reloads while someone looks (a hidden tab must not keep a sandbox awake). */
export const SCRIPT = `
(() => {
  const { expired, gone, reload } = document.documentElement.dataset;
  const tell = (type, id) => {
    if (id !== undefined && parent !== window) parent.postMessage({ type, sandbox_id: id }, '*');
  };
  tell('miosa:preview-expired', expired);
  tell('miosa:preview-gone', gone);
  if (reload !== undefined) {
    setInterval(() => {
      if (document.visibilityState === 'visible') location.reload();
    }, Number(reload) * 1000);
  }
})();
`;
