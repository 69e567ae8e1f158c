/** What a request body may be. Streams are sent once: a failed upload of a stream is not retried. */
export type Payload = string | Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Payload;
  readonly signal?: AbortSignal;
  readonly redirect?: 'manual';
  /** Required by the standard `fetch` for streamed bodies. */
  readonly duplex?: 'half';
}

/** The part of `Response` that the SDK reads. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array> | null;
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The subset of the standard `fetch` that the SDK uses; `globalThis.fetch` is one. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;
