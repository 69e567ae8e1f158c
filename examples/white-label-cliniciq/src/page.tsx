import { MiosaPreview } from '@miosa/react';
import { type ReactNode, useEffect, useEffectEvent, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { App } from './apps.ts';

declare const MIOSA_BASE_URL: string;

const post = async <T,>(path: string): Promise<T> => {
  const response = await fetch(path, { method: 'POST' });
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.json()) as T;
};
const mint = (id: string) => post<{ token: string; expiresAt: string }>(`/api/apps/${id}/token`);

const Page = (): ReactNode => {
  const [apps, setApps] = useState<App[]>([]);
  const [shown, setShown] = useState<{ id: string; token: string; expiresAt: string }>();
  const open = async (id: string): Promise<void> => setShown({ id, ...(await mint(id)) });
  const create = async (): Promise<void> => {
    const app = await post<App>('/api/apps');
    setApps((others) => [app, ...others]);
    await open(app.id);
  };
  const load = useEffectEvent(async (): Promise<void> => {
    const found = (await (await fetch('/api/apps')).json()) as App[];
    setApps(found);
    const [first] = found;
    if (first !== undefined) await open(first.id);
  });
  useEffect(() => void load(), []);
  return (
    <>
      <h1>ClinicIQ</h1>
      <button type="button" onClick={() => void create()}>
        New app
      </button>
      {apps.map((app) => (
        <button type="button" key={app.id} onClick={() => void open(app.id)}>
          {app.name} ({app.state})
        </button>
      ))}
      {shown === undefined ? null : (
        <div style={{ height: 480 }}>
          <MiosaPreview
            token={shown.token}
            sandboxId={shown.id}
            baseUrl={MIOSA_BASE_URL}
            expiresAt={shown.expiresAt}
            onTokenExpiring={async () => (await mint(shown.id)).token}
          />
        </div>
      )}
    </>
  );
};

createRoot(document.getElementById('root') as HTMLElement).render(<Page />);
