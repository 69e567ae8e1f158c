import type { Log } from '@miosa/kernel';
import { type DestinationStream, pino } from 'pino';

const REDACTED = '[redacted]';

/** Names whose values are secrets, whole (`key`) or as a last part (`refreshToken`, `jwt_secret`); `keyId`, `token_prefix` are none. */
const WORDS = 'authorization|cookie|token|key|password|passwd|secret|credential|ticket';
const camel = WORDS.replace(/(^|\|)[a-z]/g, (start) => start.toUpperCase());
const SECRET_NAME = new RegExp(`^(?:.*[_-])?(?:${WORDS}|apikey)s?$|[a-z0-9](?:${camel})s?$`);
const isSecretName = (name: string): boolean => SECRET_NAME.test(name) || SECRET_NAME.test(name.toLowerCase());

/** Our own credentials and any JWT, wherever they stand in a text. */
const SECRET_TEXT = /\b(?:(?:mp|ms|mbt|sset)_[A-Za-z0-9_-]{8,}|msk_[A-Za-z0-9]+_[A-Za-z0-9]{8,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]+)/g;
const MAX_DEPTH = 6;

const describeError = (error: Error, depth: number): object => ({
  type: error.name,
  message: error.message,
  stack: error.stack,
  ...(error.cause === undefined ? {} : { cause: clean(error.cause, depth + 1) }),
  ...Object.fromEntries(Object.entries(error).map(([name, value]) => [name, isSecretName(name) ? REDACTED : clean(value, depth + 1)])),
});

const clean = (value: unknown, depth: number): unknown => {
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (depth > MAX_DEPTH) return '[deep]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return describeError(value, depth);
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, isSecretName(name) && item !== undefined ? REDACTED : clean(item, depth + 1)]),
  );
};

/** JSON lines on standard output. Secrets are removed by name from fields and by form from every text, the message included. */
export const createLog = (level: string, name: string, destination?: DestinationStream): Log =>
  pino(
    {
      level,
      name,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => clean(fields, 0) as Record<string, unknown> },
      serializers: { err: (value: unknown) => value, error: (value: unknown) => value },
      hooks: { streamWrite: (line) => line.replace(SECRET_TEXT, REDACTED) },
    },
    destination ?? pino.destination({ fd: 1, sync: false }),
  );
