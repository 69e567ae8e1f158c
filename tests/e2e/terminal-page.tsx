import { MiosaTerminal } from '@miosa/react';
import { createRoot } from 'react-dom/client';

/** A builder's page: what it needs is in its address, and what the component tells it is kept for the test. */
const place = new URLSearchParams(location.hash.slice(1));
const heard: unknown[] = [];
Object.assign(window, { heard });
document.addEventListener('securitypolicyviolation', ({ violatedDirective, sourceFile }) => heard.push({ violatedDirective, sourceFile }));
const keep = (what: string) => (value: unknown) => void heard.push({ [what]: String(value) });

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <MiosaTerminal
      token={place.get('token') ?? ''}
      sandboxId={place.get('sandbox') ?? ''}
      baseUrl={place.get('api') ?? ''}
      shell="/bin/sh"
      onOpen={keep('opened')}
      onExit={keep('exit')}
      onError={keep('error')}
    />,
  );
