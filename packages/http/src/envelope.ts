import { Fault } from '@miosa/kernel';
import type { StoredAnswer } from './idempotency.ts';
import type { Page, Route, WithStatus } from './route.ts';
import type { Check } from './validation.ts';

const isStatus = (value: unknown): value is WithStatus<unknown> => {
  const v = value as Partial<WithStatus<unknown>> | null;
  return typeof v === 'object' && v?.kind === 'status' && typeof v.status === 'number' && 'data' in v;
};

/** A handler's result as status and body (contract 1.2). `check`: compares every object with the declared schema. */
export const createEnvelope = (route: Route, check: Check | null) => {
  const assertDeclared = (data: unknown): void => {
    if (check === null) return;
    const errors = check(JSON.parse(JSON.stringify(data ?? null)));
    if (errors.length > 0) throw new Fault('INTERNAL', 'undeclared answer', { internal: `${route.id}: ${JSON.stringify(errors)}` });
  };
  return (result: unknown, sealCursor: (position: string) => string): StoredAnswer => {
    const status = isStatus(result) ? result.status : (route.status ?? 200);
    const data = isStatus(result) ? result.data : result;
    if (route.envelope !== 'list') {
      assertDeclared(data);
      return { status, body: JSON.stringify(route.envelope === 'bare' ? data : { data }) };
    }
    const { items, nextCursor, siblings } = data as Page<unknown>;
    for (const item of items) assertDeclared(item);
    return { status, body: JSON.stringify({ data: items, next_cursor: nextCursor === null ? null : sealCursor(nextCursor), ...siblings }) };
  };
};
