import { BLOCK } from '../tar-header.ts';

/** A member of a test archive, however bad. */
export interface Member {
  readonly name: string | Buffer;
  readonly text?: string | Buffer;
  readonly flag?: string;
  readonly mode?: number;
  readonly link?: string;
  /** What the header says, where that is not the length. */
  readonly size?: number;
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);

const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;

export const headerBlock = (member: Member): Buffer => {
  const { name, text = '', flag = '0', mode = 0o644, link = '', size = Buffer.from(text).length } = member;
  const block = Buffer.alloc(BLOCK);
  Buffer.from(name).copy(block, 0, 0, 100);
  block.write(`${octal(mode, 7)}${octal(0, 7)}${octal(0, 7)}${octal(size, 11)}${octal(0, 11)}        ${flag}${link}`, 100, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
};

/** Key and value as POSIX writes them. */
export const posixRecord = (key: string, value: string | Buffer): Buffer => {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (length !== rest.length + String(length).length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), rest]);
};

export const memberBytes = (member: Member): Buffer => Buffer.concat([headerBlock(member), padded(Buffer.from(member.text ?? ''))]);

export const tarOf = (...members: readonly Member[]): Buffer => Buffer.concat([...members.map(memberBytes), Buffer.alloc(2 * BLOCK)]);
