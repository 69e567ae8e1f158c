import type { Log } from '@miosa/kernel';
import pino from 'pino';

const CREDENTIAL = /\b(msk|mp|ms|mbt|sset)_[A-Za-z0-9_-]{6,}/g;

/** Credentials in any text that is logged become `mp_…`. */
export const redact = (text: string): string => text.replace(CREDENTIAL, '$1_…');

/** Structured lines on stdout. Query strings and header values are never logged; paths pass `redact`. */
export const createLog = (level: string): Log =>
  pino({ level, base: { process: 'edge' }, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: pino.stdSerializers.err } });
