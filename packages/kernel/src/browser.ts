/** What a browser token may be given (contract 2.5). */
export const BROWSER_PERMISSIONS = [
  'sandbox:read',
  'sandbox:exec',
  'sandbox:files',
  'preview:read',
  'terminal:open',
  'computer:view',
  'computer:control',
] as const;
export type BrowserPermission = (typeof BROWSER_PERMISSIONS)[number];

export const isBrowserPermission = (text: string): text is BrowserPermission => (BROWSER_PERMISSIONS as readonly string[]).includes(text);
