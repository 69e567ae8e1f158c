/** Node-only entry: a `fetch` for local installations (`https://api.miosa.localhost:8443`, local CA). `Miosa` uses it by itself. */
export type { Fetch, FetchInit, FetchResponse } from './fetch.ts';
export { folderFiles } from './platform/folder.ts';
export { createFetch } from './platform/nodeFetch.ts';
