import { MiosaPreview } from '@miosa/react';
import { type FormEvent, type ReactNode, useEffect, useEffectEvent, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { App } from './apps.ts';

declare const MIOSA_BASE_URL: string;

const call = async <T,>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> => {
  const response = await fetch(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const answer = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(answer.error);
  return answer;
};
const mint = (id: string) => call<{ token: string; expiresAt: string }>('POST', `/api/apps/${id}/token`);

const Page = (): ReactNode => {
  const [clinic, setClinic] = useState('');
  const [apps, setApps] = useState<App[]>([]);
  const [shown, setShown] = useState<{ id: string; name: string; token: string; expiresAt: string }>();
  const [busy, setBusy] = useState('');
  const [problem, setProblem] = useState('');

  /** One thing at a time, said to everybody (also to screen readers) while it lasts and when it fails. */
  const during = async (what: string, work: () => Promise<void>): Promise<void> => {
    setBusy(what);
    setProblem('');
    await work().catch((error: Error) => setProblem(error.message));
    setBusy('');
  };
  const open = async ({ id, name }: App): Promise<void> => setShown({ id, name, ...(await mint(id)) });
  const create = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name'));
    void during(`Making ${name} …`, async () => {
      const app = await call<App>('POST', '/api/apps', { name });
      setApps((others) => [app, ...others]);
      await open(app);
    });
  };
  const load = async (): Promise<void> => {
    setClinic((await call<{ clinic: string }>('GET', '/api/me')).clinic);
    const found = await call<App[]>('GET', '/api/apps');
    setApps(found);
    if (found[0] !== undefined) await open(found[0]);
  };
  const start = useEffectEvent(() => void during('Loading your apps …', load));
  useEffect(() => start(), []);

  return (
    <>
      <header>
        <strong>ClinicIQ</strong> Pages for clinics
        <span>{clinic}</span>
      </header>
      <main>
        <nav aria-label="Apps">
          <form onSubmit={create}>
            <label htmlFor="name">Name of the new app</label>
            <input id="name" name="name" defaultValue="Summer Lead Magnet" required maxLength={60} />
            <button type="submit" disabled={busy !== ''}>
              Create app
            </button>
          </form>
          <h2>Your apps</h2>
          <ul>
            {apps.map((app) => (
              <li key={app.id}>
                <button type="button" aria-current={app.id === shown?.id} onClick={() => void during('Opening …', () => open(app))}>
                  {app.name} <small>{app.state}</small>
                </button>
              </li>
            ))}
          </ul>
          <p role="status">{busy}</p>
          {problem === '' ? null : <p role="alert">{problem}</p>}
        </nav>
        <section aria-label="Preview">
          <h1>{shown?.name ?? 'Preview'}</h1>
          <div className="preview">
            {shown === undefined ? (
              <p className="empty">Your app appears here.</p>
            ) : (
              <MiosaPreview
                token={shown.token}
                sandboxId={shown.id}
                baseUrl={MIOSA_BASE_URL}
                title={shown.name}
                expiresAt={shown.expiresAt}
                onTokenExpiring={async () => (await mint(shown.id)).token}
              />
            )}
          </div>
        </section>
      </main>
    </>
  );
};

createRoot(document.getElementById('root') as HTMLElement).render(<Page />);
