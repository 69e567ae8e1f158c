import { gzipSync } from 'node:zlib';

interface Entry {
  readonly name: string;
  readonly content?: string;
  /** tar(5): 0 file, 1 hard link, 2 symbolic link, 3 character device, 4 block device, 5 folder, 6 pipe. */
  readonly type?: '0' | '1' | '2' | '3' | '4' | '5' | '6';
  readonly target?: string;
  /** Bytes, where the content does not say. */
  readonly size?: number;
}

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;

const header = ({ name, content = '', type = '0', target = '', size = Buffer.byteLength(content) }: Entry): Buffer => {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(0, 12), 100);
  block.write(' '.repeat(8) + type, 148);
  block.write(target, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(octal(8, 8) + octal(0, 8), 329);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  );
  return block;
};

const joined = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts));

export const tarOf = (...entries: readonly Entry[]): Uint8Array<ArrayBuffer> =>
  joined(
    ...entries.flatMap((entry) => {
      const content = Buffer.from(entry.content ?? '');
      return [header(entry), content, Buffer.alloc((512 - (content.length % 512)) % 512)];
    }),
    Buffer.alloc(1024),
  );

/** Archives that want out of the folder they are unpacked in; `secret` is a file of root's inside. */
export const slips = (secret: string): ReadonlyMap<string, Uint8Array<ArrayBuffer>> =>
  new Map(
    Object.entries({
      dots: tarOf({ name: '../../../../etc/slipped', content: 'x' }),
      'dots in the middle': tarOf({ name: 'a/../../../../etc/slipped', content: 'x' }),
      'absolute name': tarOf({ name: '/etc/slipped', content: 'x' }),
      'through a link': tarOf({ name: 'out', type: '2', target: '/etc' }, { name: 'out/slipped', content: 'x' }),
      'through a link of links': tarOf(
        { name: 'a', type: '2', target: 'b' },
        { name: 'b', type: '2', target: '../../../../etc' },
        { name: 'a/slipped', content: 'x' },
      ),
      'through /proc/self/root': tarOf({ name: 'out', type: '2', target: '/proc/self/root/etc' }, { name: 'out/slipped', content: 'x' }),
      'hard link to a secret': tarOf({ name: 'stolen', type: '1', target: secret }),
      'hard link by dots': tarOf({ name: 'stolen', type: '1', target: `../../../..${secret}` }),
      'hard link through a link': tarOf({ name: 'l', type: '2', target: secret }, { name: 'stolen', type: '1', target: 'l' }),
      'block device': tarOf({ name: 'sda', type: '4' }),
      'character device': tarOf({ name: 'mem', type: '3' }),
      pipe: tarOf({ name: 'pipe', type: '6' }),
      'a name with zero bytes': tarOf({ name: 'a\0/../../etc/slipped', content: 'x' }),
      'size that is a lie': joined(header({ name: 'lie' }).fill('7', 124, 135), Buffer.alloc(2048)),
    }),
  );

/** A gibibyte of zeros in one file, in a megabyte: gzip members may follow each other, and so may what they hold. */
export const bomb = (): Uint8Array<ArrayBuffer> => {
  const part = gzipSync(Buffer.alloc(64 << 20));
  const head = gzipSync(header({ name: 'zeros', size: 1 << 30 }));
  return joined(head, ...Array.from({ length: 16 }, () => part), gzipSync(Buffer.alloc(1024)));
};
