import { readFileSync } from 'node:fs';

const FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** The first IPv4 name server that is not on this host's loopback; null when there is none to forward to. */
export const upstreamResolver = (readText: (path: string) => string = (path) => readFileSync(path, 'utf8')): string | null => {
  for (const file of FILES) {
    let text = '';
    try {
      text = readText(file);
    } catch {
      continue; // absent without systemd-resolved
    }
    for (const [, address] of text.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm))
      if (address !== undefined && !address.startsWith('127.')) return address;
  }
  return null;
};
