import { type RefObject, useEffect, useEffectEvent, useState } from 'react';
import { checkToken, embedUrl, isExpectedOrigin } from './embed.ts';
import { type ExchangeError, usePreviewToken } from './exchange.ts';
import type { MiosaPreviewProps } from './preview.tsx';

/** `expired`: the token ended and there was no fresh one. `gone`: the sandbox was destroyed. `failed`: nothing came in time. */
export type Phase = 'loading' | 'ready' | 'expired' | 'gone' | 'failed';

const isEnd = (phase: Phase): boolean => phase === 'expired' || phase === 'gone';

const DEFAULT_BASE_URL = 'https://api.miosa.ai';
/** A paused sandbox may take 30 s to wake and its app 60 s to its first byte (contract 4.4). */
const LOAD_LIMIT_MS = 90_000;
const EXPIRY_MARGIN_MS = 60_000;

interface Load {
  /** What is being opened: the frame's address, or the token that is being exchanged for one. */
  readonly of: string;
  readonly attempt: number;
  readonly phase: Phase;
}

export interface PreviewState {
  /** Null while a browser token is being exchanged. */
  readonly src: string | null;
  /** Changes when the frame must be made anew. */
  readonly attempt: number;
  readonly phase: Phase;
  readonly onLoad: () => void;
  readonly retry: () => void;
}

export const usePreview = (props: MiosaPreviewProps, frame: RefObject<HTMLIFrameElement | null>): PreviewState => {
  const { token, sandboxId, baseUrl = DEFAULT_BASE_URL, port, path, expiresAt } = props;
  const [renewed, setRenewed] = useState<{ readonly of: string; readonly token: string }>();
  const [exchanges, setExchanges] = useState(0);
  const given = renewed?.of === token ? renewed.token : token;
  const shown = usePreviewToken({ baseUrl, token: given, sandboxId, port }, exchanges, (error) => refuse(error));
  const src = shown === null ? null : embedUrl({ baseUrl, token: shown, sandboxId, port, path });
  const of = src ?? given;
  const [load, setLoad] = useState<Load>({ of, attempt: 0, phase: 'loading' });
  const { attempt, phase } = load.of === of ? load : { attempt: 0, phase: 'loading' as const };
  // The frame's own error page loads too, often before the state that it asked for is there: an end is not taken back by that.
  const enter = (next: Phase): void =>
    setLoad((now) => (next === 'ready' && now.of === of && isEnd(now.phase) ? now : { of, attempt, phase: next }));

  const renew = async (): Promise<boolean> => {
    try {
      const fresh = await props.onTokenExpiring?.();
      if (typeof fresh !== 'string' || fresh === given) return false;
      checkToken(fresh);
      setRenewed({ of: token, token: fresh });
      return true;
    } catch (error) {
      props.onError?.(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  };

  const expire = useEffectEvent(async (): Promise<void> => {
    if (isEnd(phase)) return;
    enter('expired');
    // A token that was refused before it showed anything would be refused again: no renewal in a circle.
    const worked = renewed?.of !== token || phase === 'ready';
    if (!(worked && (await renew()))) props.onExpired?.();
  });
  const end = useEffectEvent((): void => {
    if (phase === 'gone') return;
    enter('gone');
    props.onExpired?.();
  });
  const refuse = useEffectEvent((error: ExchangeError): void => {
    if (error.status === 410) end();
    else if (error.status === 401 || error.status === 403) void expire();
    else {
      enter('failed');
      props.onError?.(error);
    }
  });
  const receive = useEffectEvent((event: MessageEvent<unknown>): void => {
    const ours = event.source !== null && event.source === frame.current?.contentWindow;
    if (!ours || !isExpectedOrigin(event.origin, baseUrl, port)) return;
    const message = event.data as { type?: unknown; sandbox_id?: unknown } | null;
    if (message?.sandbox_id !== undefined && message.sandbox_id !== sandboxId) return;
    if (message?.type === 'miosa:preview-expired') void expire();
    if (message?.type === 'miosa:preview-gone') end();
  });
  const renewEarly = useEffectEvent(() => void renew());
  const giveUp = useEffectEvent(() => {
    enter('failed');
    props.onError?.(new Error('The preview did not load in time.'));
  });

  useEffect(() => {
    window.addEventListener('message', receive);
    return () => window.removeEventListener('message', receive);
  }, []);
  const deadline = expiresAt === undefined ? undefined : new Date(expiresAt).getTime();
  useEffect(() => {
    if (deadline === undefined || Number.isNaN(deadline)) return undefined;
    const timer = setTimeout(renewEarly, Math.max(0, deadline - Date.now() - EXPIRY_MARGIN_MS));
    return () => clearTimeout(timer);
  }, [deadline]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new source and attempt has its own time.
  useEffect(() => {
    if (phase !== 'loading') return undefined;
    const timer = setTimeout(giveUp, LOAD_LIMIT_MS);
    return () => clearTimeout(timer);
  }, [phase, src, attempt]);

  return {
    src,
    attempt,
    phase,
    onLoad: () => {
      if (isEnd(phase)) return;
      if (phase === 'ready') props.onNavigate?.();
      else props.onReady?.();
      enter('ready');
    },
    retry: () => {
      setExchanges(exchanges + (src === null ? 1 : 0));
      setLoad({ of, attempt: attempt + 1, phase: 'loading' });
    },
  };
};
