/** Placeholder until the renderer lands: the document itself, readable. */
export const documentationPage = (document: object): string =>
  `<!doctype html><meta charset="utf-8"><title>API reference</title><pre>${JSON.stringify(document, null, 2).replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</pre>`;
