import { useEffect, useEffectEvent, useState } from 'react';
import { checkFilesToken, FilesError, type FilesPlace, listFolder, openWatch, type TreeFile } from './filesApi.ts';
import type { MiosaFileTreeProps } from './fileTree.tsx';
import { changed, listed, type TreeState } from './treeState.ts';

/** `expired`: the token ended and there was no fresh one. `paused`: the sandbox stopped; showing files would wake it. `gone`: the folder or sandbox is. */
export type TreePhase = 'loading' | 'ready' | 'expired' | 'paused' | 'gone' | 'failed';

const DEFAULT_BASE_URL = 'https://api.miosa.ai';
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15_000] as const;

const phaseOf = ({ status, code }: FilesError): TreePhase | 'retry' => {
  if (status === 401 || status === 403) return 'expired';
  if (code === 'SANDBOX_NOT_RUNNING') return 'paused';
  if (status === 404 || status === 410) return 'gone';
  return status === 0 || status >= 500 || status === 429 ? 'retry' : 'failed';
};

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

export interface FileTreeState {
  readonly state: TreeState;
  readonly phase: TreePhase;
  toggle(folder: string): void;
  retry(): void;
}

/** Lists what is open and keeps it as the sandbox has it. The watch is open before anything is listed, so no change falls between. */
export const useFileTree = (props: MiosaFileTreeProps, root: string): FileTreeState => {
  const { token, sandboxId, baseUrl = DEFAULT_BASE_URL, defaultExpanded = [] } = props;
  checkFilesToken(token);
  const [state, setState] = useState<TreeState>(() => ({ folders: new Map(), open: new Set(defaultExpanded) }));
  const [phase, setPhase] = useState<TreePhase>('loading');
  const [attempt, setAttempt] = useState(0);
  const [fresh, setFresh] = useState<{ readonly of: string; readonly token: string }>();
  const given = fresh?.of === token ? fresh.token : token;
  const place: FilesPlace = { baseUrl, token: given, sandboxId };

  const show = useEffectEvent(async (folder: string, signal: AbortSignal): Promise<void> => {
    const files: TreeFile[] = await listFolder(place, folder, signal);
    if (!signal.aborted) setState((now) => listed(now, folder, files));
  });
  const showAll = useEffectEvent(async (signal: AbortSignal): Promise<void> => {
    await show(root, signal);
    const below = [...new Set([...state.folders.keys(), ...state.open])].filter((path) => path !== root);
    // One that is gone by now is no failure of the tree.
    await Promise.all(below.map((path) => show(path, signal).catch(() => undefined)));
  });
  const report = useEffectEvent((error: Error) => props.onError?.(error));
  const renew = useEffectEvent(async (): Promise<boolean> => {
    const renewed = await Promise.resolve(props.onTokenExpiring?.()).catch(() => undefined);
    if (typeof renewed !== 'string' || renewed === given || !renewed.startsWith('mbt_')) return false;
    setFresh({ of: token, token: renewed });
    return true;
  });
  const follow = useEffectEvent(async (signal: AbortSignal): Promise<'again' | 'gone'> => {
    const changes = await openWatch(place, root, signal);
    await showAll(signal);
    if (!signal.aborted) setPhase('ready');
    for await (const change of changes) {
      if (signal.aborted) return 'again';
      if (change.type === 'deleted' && change.path === root) return 'gone';
      if (change.type === 'overflow') await showAll(signal);
      setState((now) => changed(now, change));
      props.onChange?.(change.path, change.type);
    }
    return 'again';
  });
  const run = useEffectEvent(async (signal: AbortSignal): Promise<void> => {
    for (let failures = 0; !signal.aborted; ) {
      try {
        if ((await follow(signal)) === 'gone') return setPhase('gone');
        failures = 0;
        await wait(RETRY_MS[0], signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        const problem = error instanceof FilesError ? error : new FilesError(0, 'CONNECTION_LOST', 'the connection broke off.');
        const next = phaseOf(problem);
        if (next === 'expired' && (await renew())) return undefined; // runs anew with the fresh token
        if (next !== 'retry' || failures >= RETRY_MS.length) {
          setPhase(next === 'retry' ? 'failed' : next);
          return report(problem);
        }
        await wait(RETRY_MS[failures++] ?? 0, signal);
      }
    }
    return undefined;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these is another tree, or another try at it.
  useEffect(() => {
    const leaving = new AbortController();
    void run(leaving.signal);
    return () => leaving.abort();
  }, [given, sandboxId, baseUrl, root, attempt]);

  return {
    state,
    phase,
    toggle: (folder) => {
      const isOpen = state.open.has(folder);
      setState((now) => ({ ...now, open: new Set(isOpen ? [...now.open].filter((path) => path !== folder) : [...now.open, folder]) }));
      if (!isOpen && !state.folders.has(folder))
        listFolder(place, folder, new AbortController().signal).then(
          (files) => setState((now) => listed(now, folder, files)),
          (error: unknown) => props.onError?.(error as Error),
        );
    },
    retry: () => {
      setPhase('loading');
      setAttempt(attempt + 1);
    },
  };
};
