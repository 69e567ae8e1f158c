import type { Log } from '@miosa/kernel';
import pino from 'pino';

const CREDENTIAL = /\b(msk|mp|ms|mbt|sset)_[A-Za-z0-9_-]{6,}/g;

/** Credentials in any text that is logged become `mp_…`. */
export const redact = (text: string): string => (text.includes('_') ? text.replace(CREDENTIAL, '$1_…') : text);

/** A request target as it may be logged: no query (apps put secrets there too), no credential in the path. */
export const loggedPath = (url: string | undefined): string => redact((url ?? '').split('?', 1)[0]?.slice(0, 500) ?? '');

/** Structured lines on stdout. Query strings and header values are never logged. */
export const createLog = (level: string): Log =>
  pino({ level, base: { process: 'edge' }, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: pino.stdSerializers.err } });
