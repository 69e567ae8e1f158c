import { type Answer, decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED, TRUNCATED_RESPONSE } from 'dns-packet';
import type { Found, Granted } from './protocol.ts';

/** What an answer without EDNS may measure, and what any answer over UDP does. */
const UDP_LEAST = 512;
const UDP_MOST = 1232;
/** Where the operation is in the flags; a plain question is 0. */
const OPCODE = 0x7800;
const CHAIN_MAX = 16;
const NAME = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

export const RCODE = { ok: 0, failure: 2, noName: 3 } as const;

export interface Query {
  readonly id: number;
  /** Lower case, without a final dot. */
  readonly name: string;
  /** As it was spelled; asked with random case by careful resolvers, who compare. */
  readonly spelled: string;
  readonly type: string;
  readonly isRecursive: boolean;
  readonly sizeMax: number;
}

/** Null when it is not one plain question that can be answered. */
export const readQuery = (message: Buffer): Query | null => {
  try {
    const packet = decode(message);
    const [question, ...more] = packet.questions ?? [];
    if (packet.type !== 'query' || ((packet.flags ?? 0) & OPCODE) !== 0 || question === undefined || more.length > 0) return null;
    const name = question.name.toLowerCase();
    if (!NAME.test(name) || (question.class ?? 'IN') !== 'IN') return null;
    const edns = (packet.additionals ?? []).find((record) => record.type === 'OPT');
    const size = edns !== undefined && 'udpPayloadSize' in edns ? Number(edns.udpPayloadSize) : UDP_LEAST;
    return {
      id: packet.id ?? 0,
      name,
      spelled: question.name,
      type: question.type,
      isRecursive: ((packet.flags ?? 0) & RECURSION_DESIRED) !== 0,
      sizeMax: Math.min(Math.max(size, UDP_LEAST), UDP_MOST),
    };
  } catch {
    return null;
  }
};

const respond = (query: Query, rcode: number, answers: Answer[] = []): Buffer =>
  encode({
    type: 'response',
    id: query.id,
    flags: RECURSION_AVAILABLE | (query.isRecursive ? RECURSION_DESIRED : 0) | rcode,
    questions: [{ name: query.spelled, type: query.type as 'A', class: 'IN' }],
    answers,
  });

export const failure = (query: Query): Buffer => respond(query, RCODE.failure);
export const noName = (query: Query): Buffer => respond(query, RCODE.noName);
export const empty = (query: Query): Buffer => respond(query, RCODE.ok);

/** Over UDP, what does not fit is asked for again over TCP. */
export const fitted = (message: Buffer, query: Query): Buffer => {
  if (message.length <= query.sizeMax) return message;
  const short = empty(query);
  short.writeUInt16BE(short.readUInt16BE(2) | TRUNCATED_RESPONSE, 2);
  return short;
};

export const upstreamQuestion = (id: number, query: Query): Buffer =>
  encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name: query.name, type: query.type as 'A', class: 'IN' }],
    additionals: [
      { type: 'OPT', name: '.', udpPayloadSize: UDP_MOST, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] },
    ],
  });

export interface Upstream {
  readonly rcode: number;
  readonly isTruncated: boolean;
  readonly answers: readonly Answer[];
}

/** Null when the message does not answer this question: a forgery or a late answer to another. */
export const readUpstream = (message: Buffer, id: number, query: Query): Upstream | null => {
  try {
    const packet = decode(message);
    const [question] = packet.questions ?? [];
    const isAnswer =
      packet.type === 'response' && packet.id === id && question?.name.toLowerCase() === query.name && question.type === query.type;
    if (!isAnswer) return null;
    const flags = packet.flags ?? 0;
    return { rcode: flags & 15, isTruncated: (flags & TRUNCATED_RESPONSE) !== 0, answers: packet.answers ?? [] };
  } catch {
    return null;
  }
};

const lower = (record: Answer): string => record.name.toLowerCase();

/** Follows the chain of names from the question; records off the chain are not part of the answer, whoever put them there. */
export const followChain = (query: Query, answers: readonly Answer[]): Omit<Found, 'source'> & { readonly chain: readonly Answer[] } => {
  const names = [query.name];
  const chain: Answer[] = [];
  let ttl = Number.MAX_SAFE_INTEGER;
  const counts = (record: Answer): void => {
    if ('ttl' in record && record.ttl !== undefined) ttl = Math.min(ttl, record.ttl);
  };
  for (;;) {
    const here = names.at(-1);
    const next = answers.find((record) => record.type === 'CNAME' && lower(record) === here);
    if (next === undefined || next.type !== 'CNAME' || chain.length >= CHAIN_MAX) break;
    const target = next.data.toLowerCase();
    if (!NAME.test(target) || names.includes(target)) break;
    counts(next);
    chain.push(next);
    names.push(target);
  }
  const addresses = answers.flatMap((record) => {
    if (record.type !== 'A' || lower(record) !== names.at(-1)) return [];
    counts(record);
    return [record.data];
  });
  return { names, addresses: [...new Set(addresses)], ttl, chain };
};

/** The answer with the addresses that were granted, none of which may outlive the grant. */
export const addressAnswer = (query: Query, names: readonly string[], granted: NonNullable<Granted>): Buffer => {
  const { ttl } = granted;
  const aliases = names
    .slice(1)
    .map((data, index): Answer => ({ type: 'CNAME', class: 'IN', name: names[index] ?? query.name, ttl, data }));
  const owner = names.at(-1) ?? query.name;
  return respond(query, RCODE.ok, [
    ...aliases,
    ...granted.addresses.map((data): Answer => ({ type: 'A', class: 'IN', name: owner, ttl, data })),
  ]);
};

/** Records of other types, as they came; those of addresses never pass this way. */
export const otherAnswer = (query: Query, { rcode, answers }: Upstream): Buffer =>
  respond(
    query,
    rcode,
    answers.filter(({ type }) => type === query.type || type === 'CNAME'),
  );
