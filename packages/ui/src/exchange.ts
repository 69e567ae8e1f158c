import { useEffect, useEffectEvent, useState } from 'react';
import { apiOrigin } from './embed.ts';

interface Place {
  readonly baseUrl: string;
  readonly token: string;
  readonly sandboxId: string;
  readonly port?: number | undefined;
}

/** Why a browser token bought no preview token. `status` 0: no answer at all. */
export class ExchangeError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(status === 0 ? 'MiosaPreview: the API did not answer.' : `MiosaPreview: the API refused the browser token (${status}).`);
    this.name = 'ExchangeError';
    this.status = status;
  }
}

/** The longest life there is; the platform cuts it to what the browser token has left. */
const LONGEST_SECONDS = 86_400;

const exchange = async ({ baseUrl, token, sandboxId, port }: Place, signal: AbortSignal): Promise<string> => {
  const answer = await fetch(`${apiOrigin(baseUrl)}/api/v1/sandboxes/${encodeURIComponent(sandboxId)}/preview-token`, {
    method: 'POST',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ expires_in: LONGEST_SECONDS, ...(port === undefined ? {} : { port }) }),
    signal,
  }).catch(() => undefined);
  if (answer === undefined) throw new ExchangeError(0);
  if (!answer.ok) throw new ExchangeError(answer.status);
  const body = (await answer.json()) as { readonly data?: { readonly token?: unknown } };
  if (typeof body.data?.token !== 'string') throw new ExchangeError(answer.status);
  return body.data.token;
};

/**
 * The preview token for what the page was given: a preview token is its own; a browser token (`mbt_…` with `preview:read`) is exchanged for
 * one, and until that came it is null. Each change of `attempt` exchanges again.
 */
export const usePreviewToken = (place: Place, attempt: number, onRefused: (error: ExchangeError) => void): string | null => {
  const { token, baseUrl, sandboxId, port } = place;
  const [bought, setBought] = useState<{ readonly by: string; readonly token: string }>();
  const isBrowserToken = token.startsWith('mbt_');
  const by = JSON.stringify([token, baseUrl, sandboxId, port, attempt]);
  const refused = useEffectEvent((error: unknown) => onRefused(error instanceof ExchangeError ? error : new ExchangeError(0)));
  const run = useEffectEvent((signal: AbortSignal) =>
    exchange(place, signal).then(
      (fresh) => void (signal.aborted || setBought({ by, token: fresh })),
      (error: unknown) => void (signal.aborted || refused(error)),
    ),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: `by` stands for the whole place and the attempt.
  useEffect(() => {
    if (!isBrowserToken) return undefined;
    const leaving = new AbortController();
    void run(leaving.signal);
    return () => leaving.abort();
  }, [isBrowserToken, by]);
  if (!isBrowserToken) return token;
  return bought?.by === by ? bought.token : null;
};
