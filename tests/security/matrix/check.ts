import type { Answered, TestControlPlane } from '@miosa/control-plane/testing';
import type { Operation } from './document.ts';
import { makeParameters, type Place } from './fixtures.ts';
import { createOrganization, credentialHeaders, type Organization } from './organization.ts';
import { type Principal, principals } from './principals.ts';
import { askedOf, requestFor } from './requests.ts';
import { type Verdict, verdict } from './rules.ts';

/** Changes below these touch what they name and nothing else; any other change gets an organization of its own. */
const NARROW = new Set(['sandboxes', 'workspaces', 'projects', 'api-keys', 'browser-tokens']);

/** The organization of the fixtures, and another one. */
type Pair = readonly [Organization, Organization];

export interface Finding {
  readonly operation: string;
  readonly principal: string;
  readonly expected: Verdict;
  readonly actual: string;
}

export interface Row {
  readonly operation: Operation;
  /** One letter for each principal: `+` allowed, `1` 401, `3` 403, `4` 404, `·` the question does not arise. */
  readonly letters: string;
  readonly checks: number;
}

export interface Result {
  readonly rows: readonly Row[];
  readonly findings: readonly Finding[];
  readonly checks: number;
}

const LETTER: Readonly<Record<Verdict, string>> = { allowed: '+', 401: '1', 403: '3', 404: '4' };
const CODE = { 401: 'UNAUTHORIZED', 403: 'FORBIDDEN', 404: 'NOT_FOUND' } as const;

const changes = ({ method }: Operation): boolean => method !== 'GET';

export const createMatrix = async (plane: TestControlPlane) => {
  const organization = await createOrganization(plane);
  const neighbour = await createOrganization(plane);
  await Promise.all([organization, neighbour].map((each) => each.project('home')));
  const kept = new Map<string, Promise<Record<string, string>>>();

  /** Calls that must be refused, and reads, share their fixtures: that they are still there in the end is a check of its own. */
  const shared = (path: string, place: Place): Promise<Record<string, string>> => {
    const nouns = path.split('/').filter((_, i, all) => all.slice(i).some((part) => part.startsWith('{')));
    const key = `${nouns.join('/')} ${place.project} ${place.owner?.bearer ?? ''}`;
    const known = kept.get(key) ?? makeParameters(path, place);
    kept.set(key, known);
    return known;
  };

  const ask = async (operation: Operation, principal: Principal, expected: Verdict, [own, other]: Pair): Promise<Answered | null> => {
    const stage = { organization: own, neighbour: other, operation, scope: askedOf(operation).scope };
    const presented = await principal.present(stage);
    if (presented === null) return null;
    const owner = principal.owner === undefined ? {} : { owner: await own.credential(principal.owner) };
    const place: Place = { organization: own, project: principal.project ?? 'home', ...owner };
    const fresh = expected === 'allowed' && changes(operation);
    const parameters = await (fresh ? makeParameters(operation.path, place) : shared(operation.path, place));
    const { headers, path, ...request } = await requestFor(operation, parameters, {
      organization: own,
      caller: principal.caller,
      project: place.project,
    });
    if ('bearer' in presented) {
      const credential = presented.bearer === '' ? {} : credentialHeaders(presented);
      return plane.send({ ...request, path, headers: { ...headers, ...credential } });
    }
    return plane.send({ ...request, path: `${path}${path.includes('?') ? '&' : '?'}ticket=${presented.ticket}`, headers });
  };

  const judge = (expected: Verdict, { status, text, headers }: Answered, principal: Principal): string | null => {
    if (status >= 500) return `${status} ${text}`;
    const refused = status === 401 || status === 403 || status === 404;
    if (refused !== (expected !== 'allowed') || (refused && status !== expected)) return `${status} ${text.slice(0, 300)}`;
    const strange = principal.caller.as === 'nobody' || ('view' in principal.caller && principal.caller.view === 'foreign');
    if (strange && expected !== 'allowed' && text.includes(organization.id)) return `${status}, and names the organization: ${text}`;
    if (!refused) return null;
    const { error } = JSON.parse(text);
    return error.code === CODE[status] && error.request_id === headers['x-request-id'] ? null : `${status} ${text}`;
  };

  const row = async (operation: Operation, columns: readonly Principal[], findings: Finding[]): Promise<Row> => {
    const [first = ''] = operation.path.split('/').filter((part) => part !== '');
    let letters = '';
    for (const principal of columns) {
      const expected = verdict(principal.caller, askedOf(operation));
      const apart = expected === 'allowed' && operation.access !== 'public' && changes(operation) && !NARROW.has(first);
      const pair: Pair = apart ? [await createOrganization(plane), await createOrganization(plane)] : [organization, neighbour];
      const answer = await ask(operation, principal, expected, pair);
      letters += answer === null ? '·' : LETTER[expected];
      const actual = answer === null ? null : judge(expected, answer, principal);
      if (actual !== null) findings.push({ operation: operation.id, principal: principal.name, expected, actual });
    }
    return { operation, letters, checks: letters.replaceAll('·', '').length };
  };

  return {
    /** Sandboxes that only refused calls and reads have named: they must all run still. */
    states: async (): Promise<string[]> => {
      const ids = (await Promise.all(kept.values())).flatMap(({ id }) => (id?.startsWith('sbx_') === true ? [id] : []));
      return Promise.all(ids.map(async (id) => (await organization.call('GET', `/sandboxes/${id}`)).data.state));
    },
    /** Every operation against every principal. */
    run: async (operations: readonly Operation[], columns: readonly Principal[] = principals): Promise<Result> => {
      const findings: Finding[] = [];
      const rows: Row[] = [];
      const waiting = [...operations];
      const work = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) rows.push(await row(next, columns, findings));
      };
      await Promise.all([work(), work(), work(), work()]);
      rows.sort((a, b) => operations.indexOf(a.operation) - operations.indexOf(b.operation));
      return { rows, findings, checks: rows.reduce((sum, { checks }) => sum + checks, 0) };
    },
  };
};

/** The reviewed form: operation, declaration, letters in groups of five. */
export const table = (rows: readonly Row[], columns: readonly Principal[] = principals): string => {
  const width = Math.max(...rows.map(({ operation }) => operation.id.length));
  const declared = ({ access }: Operation): string =>
    access === 'public'
      ? 'public'
      : Object.entries(access)
          .map(([name, value]) => (name === 'scope' ? (value ?? 'any scope') : `${name}=${value}`))
          .join(' ');
  const groups = (letters: string): string => (letters.match(/.{1,5}/gu) ?? []).join(' ');
  return [
    '+ allowed   1 401   3 403   4 404   · the question does not arise',
    ...columns.map(({ name }, i) => `${String(i + 1).padStart(3)} ${name}`),
    '',
    ...rows.map(({ operation, letters }) => `${operation.id.padEnd(width)}  ${groups(letters)}  ${declared(operation)}`),
    '',
  ].join('\n');
};
