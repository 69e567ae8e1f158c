#!/usr/bin/env -S unshare --net node
import { spawn, spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';

/**
 * Chromium in a network of its own, whose only way out is the SOCKS server of `wayOut`. A host that starts sandboxes gets and loses network links all
 * the time; Chromium watches that and breaks off whatever it is just connecting (ERR_NETWORK_CHANGED). Visitors sit on other machines.
 */
const DOOR = 1080;

spawnSync('ip', ['link', 'set', 'lo', 'up'], { stdio: 'inherit' });
const door = createServer((inside) => {
  const outside = connect(String(process.env.MIOSA_WAY_OUT));
  for (const [socket, other] of [
    [inside, outside],
    [outside, inside],
  ] as const)
    socket.on('error', () => other.destroy()).once('close', () => other.destroy());
  inside.pipe(outside).pipe(inside);
});
door.listen(DOOR, '127.0.0.1', () => {
  const args = [`--proxy-server=socks5://127.0.0.1:${DOOR}`, '--proxy-bypass-list=<-loopback>', ...process.argv.slice(2)];
  // 3 and 4 are the pipes by which the test drives the browser.
  const chromium = spawn('/usr/bin/chromium', args, { stdio: [0, 1, 2, 3, 4] });
  chromium.once('exit', (code) => process.exit(code ?? 1));
});
