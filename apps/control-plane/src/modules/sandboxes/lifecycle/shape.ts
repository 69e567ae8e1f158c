import { Fault, invalid, SIZES, type SizeName } from '@miosa/kernel';
import type { ReadinessProbe } from '../types.ts';

export interface ShapeRequest {
  readonly size?: SizeName | undefined;
  readonly cpu_count?: number | undefined;
  readonly memory_mb?: number | undefined;
  readonly disk_size_mb?: number | undefined;
}

export interface Shape {
  readonly size: SizeName;
  readonly cpuCount: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
}

const DEFAULT_SIZE: SizeName = 'small';

/** A named size, or the triple when all three are given and equal one (contract 4.2); with none of them, `otherwise`. */
export const shapeOf = (request: ShapeRequest, otherwise: SizeName = DEFAULT_SIZE): Shape => {
  const triple = [request.cpu_count, request.memory_mb, request.disk_size_mb];
  if (triple.every((value) => value === undefined)) {
    const size = request.size ?? otherwise;
    return { size, ...SIZES[size] };
  }
  const named = (Object.keys(SIZES) as SizeName[]).find((name) => {
    const shape = SIZES[name];
    return shape.cpuCount === request.cpu_count && shape.memoryMiB === request.memory_mb && shape.diskMiB === request.disk_size_mb;
  });
  if (named === undefined) throw invalid('cpu_count', 'cpu_count, memory_mb and disk_size_mb must all be given and equal a named size');
  if (request.size !== undefined && request.size !== named)
    throw invalid('size', `the given cpu_count, memory_mb and disk_size_mb are size ${named}`);
  return { size: named, ...SIZES[named] };
};

const LATER = ['git', 'databases', 'buckets', 'volumes'] as const;

/** Fields of the contract that this installation cannot honour are refused, never silently ignored. */
export const refuseUnavailable = (body: Readonly<Record<string, unknown>>): void => {
  const fields: { path: string; message: string }[] = [];
  for (const name of LATER) {
    const value = body[name];
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)) {
      fields.push({ path: name, message: 'not available on this installation yet' });
    }
  }
  if (body.region !== undefined && body.region !== null && body.region !== 'local') {
    fields.push({ path: 'region', message: 'not available on this installation yet: the only region is "local"' });
  }
  const first = fields[0];
  if (first !== undefined) throw new Fault('VALIDATION_ERROR', `${first.path}: ${first.message}`, { details: { fields } });
};

/** What JSON Schema cannot say of a probe: which fields each type needs. */
export const checkProbe = (probe: ReadinessProbe | null | undefined, startCommand: string | undefined): void => {
  if (probe == null) return;
  if (startCommand === undefined) throw invalid('readiness_probe', 'asks the service of start_command, which is not given');
  if (probe.type === 'command' ? probe.command === undefined : probe.port === undefined)
    throw invalid(`readiness_probe.${probe.type === 'command' ? 'command' : 'port'}`, `needed for type ${probe.type}`);
};

const MIN_IDLE_SEC = 60;

/** 0 = off, else 60–86400 (contract 4.2); the upper bound is the schema's. */
export const checkIdleTimeout = (seconds: number | undefined): void => {
  if (seconds !== undefined && seconds !== 0 && seconds < MIN_IDLE_SEC) throw invalid('idle_timeout_sec', 'must be 0 (off) or at least 60');
};
