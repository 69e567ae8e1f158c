import { Window } from 'happy-dom';

/** Test helper, imported before React: a document whose frames never go out to the network. */
const quiet = { ...globalThis.console, error: () => undefined };

// The document says on its console that it does not load the frame, for every frame; React's complaints go to the real one.
export const dom = new Window({ console: quiet as unknown as Console, settings: { disableIframePageLoading: true } });
Object.assign(globalThis, {
  window: dom,
  document: dom.document,
  Document: dom.Document,
  HTMLIFrameElement: dom.HTMLIFrameElement,
  IS_REACT_ACT_ENVIRONMENT: true,
});
