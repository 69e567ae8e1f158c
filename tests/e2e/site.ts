import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Site {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * A customer's page on a site of its own (`builder.localhost` is another site than `miosa.localhost`). A real server: Chromium takes a page that a
 * test makes up for one of the public internet, and does not let those reach into the machine.
 */
export const serveSite = async (html: string): Promise<Site> => {
  const server = createServer((_request, response) => void response.setHeader('content-type', 'text/html').end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://builder.localhost:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
