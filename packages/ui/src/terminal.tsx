import { type ReactNode, type RefObject, useEffect, useEffectEvent, useRef, useState } from 'react';
import { createScreen, type Screen } from './screen.ts';
import { boxStyle, frameStyle, noticeStyle, type Theme } from './style.ts';
import { checkTerminalToken, type Session, startSession } from './terminalSession.ts';
import { TERMINAL_STRINGS, type TerminalStrings } from './terminalStrings.ts';

export interface MiosaTerminalProps {
  /** Minted by your server: `mbt_…` with `terminal:open` (`browserTokens.create`). An `msk_` key throws. */
  readonly token: string;
  readonly sandboxId: string;
  /** Address of the API; default the hosted one. */
  readonly baseUrl?: string;
  readonly cwd?: string;
  readonly shell?: string;
  /** An open terminal to come back to. Without it, a terminal is opened with the component and ended with it. */
  readonly terminalId?: string;
  /** Leave the terminal running when the component goes; keep the id of `onOpen` to come back. */
  readonly keep?: boolean;
  readonly className?: string;
  /** No styles of ours but those that a terminal needs; `data-state` and the class names remain. */
  readonly unstyled?: boolean;
  readonly theme?: Theme;
  readonly strings?: Partial<TerminalStrings>;
  /** Connected; again after a fresh token was needed. */
  readonly onOpen?: (terminalId: string) => void;
  readonly onResize?: (cols: number, rows: number) => void;
  /** The shell has ended. */
  readonly onExit?: (code: number) => void;
  readonly onError?: (error: Error) => void;
  /** May return a fresh token when the old one has ended; the terminal goes on with it. */
  readonly onTokenExpiring?: () => string | undefined | Promise<string | undefined>;
}

type Phase = 'opening' | 'open' | 'exited' | 'failed';

interface Joined {
  readonly screen: Screen;
  readonly session: Session;
}

const useTerminal = (props: MiosaTerminalProps, host: RefObject<HTMLDivElement | null>, box: RefObject<HTMLDivElement | null>) => {
  const { token, sandboxId, baseUrl, theme = 'dark' } = props;
  const [phase, setPhase] = useState<Phase>('opening');
  const [attempt, setAttempt] = useState(0);
  const joined = useRef<Joined | undefined>(undefined);
  const renewed = useRef<{ readonly of: string; readonly token: string } | undefined>(undefined);
  const tokenNow = (): string => (renewed.current?.of === token ? renewed.current.token : token);
  const renew = useEffectEvent(async (): Promise<boolean> => {
    const fresh = await props.onTokenExpiring?.();
    if (typeof fresh !== 'string' || fresh === tokenNow()) return false;
    checkTerminalToken(fresh);
    renewed.current = { of: token, token: fresh };
    return true;
  });
  const askToken = useEffectEvent(tokenNow);
  const exit = useEffectEvent((code: number) => {
    setPhase('exited');
    props.onExit?.(code);
  });
  const fail = useEffectEvent((error: Error) => {
    setPhase('failed');
    props.onError?.(error);
  });
  const opened = useEffectEvent((id: string) => {
    setPhase('open');
    props.onOpen?.(id);
  });
  const resized = useEffectEvent((cols: number, rows: number) => {
    joined.current?.session.resize(cols, rows);
    props.onResize?.(cols, rows);
  });
  const ends = useEffectEvent(() => props.keep !== true && props.terminalId === undefined);
  const start = useEffectEvent(async (element: HTMLElement, isOver: () => boolean): Promise<void> => {
    const onInput = (text: string): void => joined.current?.session.write(text);
    const screen = await createScreen(element, theme, { onInput, onResize: resized, onLeave: () => box.current?.focus() });
    if (isOver()) return screen.dispose();
    const { terminalId, cwd, shell } = props;
    const place = { baseUrl, sandboxId, token: askToken, terminalId: attempt === 0 ? terminalId : undefined, cwd, shell };
    joined.current = { screen, session: startSession(place, screen, { onOpen: opened, onExit: exit, onEnd: fail, renew }) };
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place or attempt is another terminal; a fresh token is not.
  useEffect(() => {
    let over = false;
    setPhase('opening');
    if (host.current !== null) start(host.current, () => over).catch((error: Error) => fail(error));
    return () => {
      over = true;
      joined.current?.session.close(ends());
      joined.current?.screen.dispose();
      joined.current = undefined;
    };
  }, [sandboxId, baseUrl, attempt]);
  useEffect(() => joined.current?.screen.setTheme(theme), [theme]);
  return { phase, again: () => setAttempt(attempt + 1) };
};

/**
 * A terminal in a sandbox. It comes back by itself, with its scrollback, when the connection is lost. The token goes into a header of API
 * calls; the WebSocket's address holds a ticket that is good once.
 * @throws Error when `token` is no token for browsers.
 */
export const MiosaTerminal = (props: MiosaTerminalProps): ReactNode => {
  checkTerminalToken(props.token);
  const { className, unstyled = false, theme = 'dark' } = props;
  const box = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const { phase, again } = useTerminal(props, host, box);
  const strings = { ...TERMINAL_STRINGS, ...props.strings };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms.
    <div
      ref={box}
      role="group"
      aria-label={strings.title}
      tabIndex={-1}
      className={className === undefined ? 'miosa-terminal' : `miosa-terminal ${className}`}
      data-state={phase}
      style={unstyled ? undefined : boxStyle}
    >
      <div ref={host} className="miosa-terminal-screen" style={unstyled ? undefined : frameStyle} />
      {phase === 'opening' ? (
        <div className="miosa-terminal-notice" role="status" style={unstyled ? undefined : noticeStyle(theme)}>
          {strings.opening}
        </div>
      ) : null}
      {phase === 'exited' || phase === 'failed' ? (
        <div className="miosa-terminal-notice" role="alert" style={unstyled ? undefined : noticeStyle(theme)}>
          <span>{strings[phase]}</span>
          <button type="button" onClick={again}>
            {strings.again}
          </button>
        </div>
      ) : null}
    </div>
  );
};
