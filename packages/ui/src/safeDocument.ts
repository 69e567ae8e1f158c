/**
 * xterm.js writes its sizes and colours into `<style>` elements and `style` attributes, which a Content-Security-Policy without
 * 'unsafe-inline' forbids. Both have a twin that it allows: constructed sheets, and the style object.
 */

const createPlain = (document: Document, name: string): HTMLElement => Document.prototype.createElement.call(document, name);

/** Looks like a style element to xterm.js; what is written into it is a constructed sheet of the document. */
const styleElement = (document: Document): HTMLElement => {
  const stand = createPlain(document, 'template');
  const view = document.defaultView ?? window;
  const sheet = new view.CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  Object.defineProperty(stand, 'textContent', { get: () => '', set: (css: string) => sheet.replaceSync(css) });
  stand.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    Element.prototype.remove.call(stand);
  };
  return stand;
};

function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === 'style') this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}

/** The document as xterm.js may use it. */
export const safeDocument = (document: Document): Document => {
  const createElement = (name: string): HTMLElement => {
    if (name === 'style') return styleElement(document);
    const made = createPlain(document, name);
    if (name === 'span') made.setAttribute = setAttribute;
    return made;
  };
  return new Proxy(document, {
    get: (target, name) => {
      if (name === 'createElement') return createElement;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
};

/**
 * Runs `work`, which must not wait, with a document that makes no style elements: a part of xterm.js 6.0.0 takes the global document
 * whatever it was given (`mainDocument` of its CoreBrowserService).
 */
export const withoutStyleElements = (document: Document, work: () => void): void => {
  Object.defineProperty(document, 'createElement', { value: safeDocument(document).createElement, configurable: true });
  try {
    work();
  } finally {
    Reflect.deleteProperty(document, 'createElement');
  }
};

/** Adds a sheet to the document as long as anybody needs it. */
const shared = new WeakMap<Document, Map<string, { sheet: CSSStyleSheet; users: number }>>();
export const adoptSheet = (document: Document, css: string): (() => void) => {
  const sheets = shared.get(document) ?? new Map<string, { sheet: CSSStyleSheet; users: number }>();
  shared.set(document, sheets);
  let entry = sheets.get(css);
  if (entry === undefined) {
    entry = { sheet: new (document.defaultView ?? window).CSSStyleSheet(), users: 0 };
    entry.sheet.replaceSync(css);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, entry.sheet];
    sheets.set(css, entry);
  }
  const mine = entry;
  mine.users += 1;
  return () => {
    mine.users -= 1;
    if (mine.users > 0) return;
    sheets.delete(css);
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== mine.sheet);
  };
};
