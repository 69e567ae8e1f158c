import type { Database } from '@miosa/db';
import type { TenantId } from '@miosa/kernel';
import { currentAttestor } from './attestation.ts';
import { type ChainRow, chainsOf, type Link, lastUnattested, linksAfter, strayEntry } from './chain.store.ts';
import { contentOf, linkHash, sameBytes } from './chain.ts';

const BATCH = 500;

export type Defect = 'changed' | 'missing' | 'inserted' | 'broken_link' | 'wrong_end';

export interface Verdict {
  readonly valid: boolean;
  readonly checked: number;
  readonly sealedUntil: Date | null;
  readonly defect: Defect | null;
  readonly firstBadId: string | null;
}

interface Bad {
  readonly defect: Defect;
  readonly id: string | null;
}

interface Walk {
  position: number;
  hash: string | null;
}

const checkLink = ({ seal, entry }: Link, at: Walk, unattestedUntil: number): Bad | null => {
  const bad = (defect: Defect): Bad => ({ defect, id: entry?.id ?? seal.entry_id });
  if (seal.position !== at.position + 1) return bad('missing'); // links before this one are gone
  if (seal.prev_hash !== at.hash) return bad('broken_link');
  if (entry === null) return bad('missing');
  if (entry.tenant_id !== seal.tenant_id || entry.id !== seal.entry_id) return bad('changed');
  const content = contentOf(entry);
  if (linkHash(at.hash, content) !== seal.hash) return bad('changed');
  const attestor = currentAttestor();
  if (attestor === null || entry.seq <= unattestedUntil || sameBytes(entry.attestation, attestor.entry(content))) return null;
  return bad('inserted'); // linked like any other, but no control plane wrote it
};

const walk = async (db: Database, chain: ChainRow): Promise<{ bad: Bad | null; checked: number }> => {
  const at: Walk = { position: chain.base_position, hash: chain.base_hash };
  const unattestedUntil = await lastUnattested(db.read);
  for (;;) {
    const links = await linksAfter(db.read, chain.tenant_id, at.position, chain.position, BATCH);
    for (const link of links) {
      const bad = checkLink(link, at, unattestedUntil);
      if (bad !== null) return { bad, checked: at.position - chain.base_position };
      at.position = link.seal.position;
      at.hash = link.seal.hash;
    }
    if (links.length < BATCH) break;
  }
  const checked = at.position - chain.base_position;
  if (at.position !== chain.position || at.hash !== chain.hash) return { bad: { defect: 'wrong_end', id: null }, checked };
  const attestor = currentAttestor();
  const proven = attestor === null || sameBytes(chain.proof, attestor.head(chain));
  return { bad: proven ? null : { defect: 'wrong_end', id: null }, checked };
};

const NO_CHAIN = { base_position: 0, base_hash: null, position: 0, hash: null, sealed_until: null, proof: null } as const;

const examine = async (db: Database, tenantId: TenantId): Promise<{ verdict: Verdict; chain: ChainRow | undefined }> => {
  const [chain] = await chainsOf(db.read, [tenantId]);
  // Without a row there must be no links either: a chain whose row was removed begins at nothing and ends wrongly.
  const whole: ChainRow = chain ?? { tenant_id: tenantId, ...NO_CHAIN };
  const orphan = chain === undefined ? await linksAfter(db.read, tenantId, 0, Number.MAX_SAFE_INTEGER, 1) : [];
  const walked = chain === undefined ? { bad: null, checked: 0 } : await walk(db, whole);
  let { bad } = walked;
  if (orphan.length > 0) bad = { defect: 'wrong_end', id: null };
  if (bad === null) {
    const stray = await strayEntry(db.read, tenantId);
    if (stray !== null) bad = { defect: 'missing', id: stray };
  }
  const verdict = {
    valid: bad === null,
    checked: walked.checked,
    sealedUntil: whole.sealed_until,
    defect: bad?.defect ?? null,
    firstBadId: bad?.id ?? null,
  };
  return { verdict, chain };
};

/**
 * Walks the chain of an organization from its base to its end: every link, every entry, the proofs, and that nothing lies beside it. A
 * verification holds one connection for about 20 ms per 1000 entries, so those of one process take turns and an organization's share one.
 */
export const createVerifier = (db: Database) => {
  const flights = new Map<TenantId, Promise<Verdict>>();
  let turn: Promise<unknown> = Promise.resolve();

  const verify = async (tenantId: TenantId): Promise<Verdict> => {
    const { verdict, chain } = await examine(db, tenantId);
    if (verdict.valid) return verdict;
    // Retention may have shortened the chain while it was walked.
    const [now] = await chainsOf(db.read, [tenantId]);
    return now?.base_position === chain?.base_position ? verdict : (await examine(db, tenantId)).verdict;
  };

  return (tenantId: TenantId): Promise<Verdict> => {
    const flying = flights.get(tenantId);
    if (flying !== undefined) return flying;
    const flight = turn.then(() => verify(tenantId)).finally(() => flights.delete(tenantId));
    turn = flight.catch(() => {});
    flights.set(tenantId, flight);
    return flight;
  };
};
