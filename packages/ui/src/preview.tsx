import { type ReactNode, useRef } from 'react';
import { DEFAULT_STRINGS, type PreviewStrings } from './strings.ts';
import { boxStyle, frameStyle, noticeStyle, type Theme } from './style.ts';
import { type Phase, usePreview } from './usePreview.ts';

export interface MiosaPreviewProps {
  /** Minted by your server: `mp_…` (`sandboxes.previewToken`) or `mbt_…` with `preview:read` (`browserTokens.create`). An `msk_` key throws. */
  readonly token: string;
  readonly sandboxId: string;
  /** Address of the API; default the hosted one. Only its origin is used. */
  readonly baseUrl?: string;
  readonly port?: number;
  /** Path and query to open first, e.g. `/booking?x=1`. */
  readonly path?: string;
  /** Name of the frame for screen readers. */
  readonly title?: string;
  readonly className?: string;
  /** No styles at all; `data-state` and the class names below remain. */
  readonly unstyled?: boolean;
  readonly theme?: Theme;
  readonly strings?: Partial<PreviewStrings>;
  /** From the token's answer; with it, `onTokenExpiring` is asked a minute before. */
  readonly expiresAt?: string | number | Date;
  readonly onReady?: () => void;
  /** There is nothing more to see: the token ended and no fresh one came, or the sandbox is gone. */
  readonly onExpired?: () => void;
  /** The frame has opened another page. Which one stays the frame's secret (another origin). */
  readonly onNavigate?: () => void;
  /** May return a fresh token; the preview is then opened anew with it. */
  readonly onTokenExpiring?: () => string | undefined | Promise<string | undefined>;
  readonly onError?: (error: Error) => void;
}

interface NoticeProps {
  readonly phase: Phase;
  readonly strings: PreviewStrings;
  readonly theme: Theme;
  readonly unstyled: boolean;
  readonly retry: () => void;
}

const Notice = ({ phase, strings, theme, unstyled, retry }: NoticeProps): ReactNode => {
  if (phase === 'ready') return null;
  const style = unstyled ? undefined : noticeStyle(theme);
  if (phase === 'loading')
    return (
      <div className="miosa-preview-notice" role="status" style={style}>
        {strings.loading}
      </div>
    );
  return (
    <div className="miosa-preview-notice" role="alert" style={style}>
      <span>{strings[phase]}</span>
      {phase === 'failed' ? (
        <button type="button" onClick={retry}>
          {strings.retry}
        </button>
      ) : null}
    </div>
  );
};

/**
 * A sandbox's private preview in a frame. The token goes into the frame's address and nowhere else: no header, no log, no other attribute.
 * @throws Error when `token` is no browser token, or `baseUrl` is no URL.
 */
export const MiosaPreview = (props: MiosaPreviewProps): ReactNode => {
  const { className, unstyled = false, theme = 'light', title } = props;
  const frame = useRef<HTMLIFrameElement>(null);
  const { src, attempt, phase, onLoad, retry } = usePreview(props, frame);
  const strings = { ...DEFAULT_STRINGS, ...props.strings };
  return (
    <div
      className={className === undefined ? 'miosa-preview' : `miosa-preview ${className}`}
      data-state={phase}
      aria-busy={phase === 'loading'}
      style={unstyled ? undefined : boxStyle}
    >
      {/* The restrictions come before the address: a frame is bound by those it has when it starts to load. */}
      {src === null ? null : (
        <iframe
          key={`${src} ${attempt}`}
          ref={frame}
          title={title ?? strings.title}
          sandbox="allow-scripts allow-same-origin allow-forms allow-popups"
          allow="clipboard-read; clipboard-write"
          referrerPolicy="no-referrer"
          src={src}
          onLoad={onLoad}
          style={unstyled ? undefined : frameStyle}
        />
      )}
      <Notice phase={phase} strings={strings} theme={theme} unstyled={unstyled} retry={retry} />
    </div>
  );
};
