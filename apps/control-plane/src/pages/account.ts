import { createHash } from 'node:crypto';
import type { HtmlPage } from '@miosa/http';
import { accountClient } from './client.ts';

const STYLE = `
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1rem/1.5 system-ui,sans-serif}
main{width:min(26rem,100vw - 3rem)}h1{font-size:1.35rem}
form,label{display:grid;gap:.25rem}form{gap:.8rem;margin:0 0 2rem}
input,select,button{font:inherit;padding:.5rem .6rem;border:1px solid #8886;border-radius:.4rem}
button{background:#2f6fed;color:#fff;border:0;cursor:pointer}button:disabled{opacity:.5}
[role=alert]{color:#c62828;margin:0}`;

const SCRIPT = `(${accountClient})();`;
const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const HTML = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>MIOSA</title><style>${STYLE}</style></head>
<body><main><noscript>This page needs JavaScript.</noscript></main><script>${SCRIPT}</script></body></html>
`;

/** Nothing but what is in the page runs, it talks to its own host only, and nobody frames it: it takes passwords. */
const POLICY = `default-src 'none'; script-src ${sha256(SCRIPT)}; style-src ${sha256(STYLE)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Where links of mails and of logins on devices lead (contract 2.2, 2.3): accept an invite, set a new password, approve a program. */
export const ACCOUNT_PAGES: readonly HtmlPage[] = ['/invites/:token', '/reset-password', '/device'].map((url) => ({
  id: `pages${url.replace(/\/:.*$/, '').replace('/', '.')}`,
  url,
  html: HTML,
  policy: POLICY,
}));
