import { MiosaPreview } from '@miosa/react';
import { createRoot } from 'react-dom/client';

/** A builder's page that shows an app of a sandbox. What it needs is in its address. */
const place = new URLSearchParams(location.hash.slice(1));
const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <div style={{ height: 400 }}>
      <MiosaPreview
        token={place.get('token') ?? ''}
        sandboxId={place.get('sandbox') ?? ''}
        baseUrl={place.get('api') ?? ''}
        port={Number(place.get('port'))}
      />
    </div>,
  );
