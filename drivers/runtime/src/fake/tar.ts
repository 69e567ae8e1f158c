export interface TarFile {
  readonly name: string;
  readonly mode: number;
  readonly bytes: Buffer;
}

const BLOCK = 512;

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);

/** A header of POSIX.1-2001 (ustar). */
const header = (name: Buffer, type: string, mode: number, size: number): Buffer => {
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0, 0, 100);
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  block.write('0000000\0'.repeat(2), 108);
  block.write(`${size.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        ${type}`, 124);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
};

/** A record says its own length in bytes, with the digits of it. */
const record = (key: string, value: string): Buffer => {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (length !== rest + String(length).length) length += 1;
  return Buffer.from(`${length} ${key}=${value}\n`);
};

const file = ({ name, mode, bytes }: TarFile): Buffer[] => {
  const plain = Buffer.from(name);
  const main = [header(plain, '0', mode, bytes.length), padded(bytes)];
  if (plain.length <= 100) return main;
  const extended = record('path', name);
  return [header(Buffer.from('PaxHeader'), 'x', 0o644, extended.length), padded(extended), ...main];
};

export const tarOf = (files: readonly TarFile[]): Buffer => Buffer.concat([...files.flatMap(file), Buffer.alloc(2 * BLOCK)]);
