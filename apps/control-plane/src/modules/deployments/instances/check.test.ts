import { describe, expect, test } from 'vitest';
import { judge, type Look } from './check.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const ago = (sec: number): Date => new Date(NOW.getTime() - sec * 1000);
const known = { state: 'healthy' as const, misses: 0, restarts: 0, window_restarts: 0, window_at: ago(60) };
const look = (status: number | 'refused', restarts = 0, resting = false): Look => ({
  answer: status === 'refused' ? { failure: 'refused' } : { status },
  app: { state: resting ? 'exited' : 'running', resting, exitCode: 3, restarts, startedAt: ago(5) },
});

describe('a look at an instance', () => {
  test('forgives two misses in a row, not three, and one healthy answer is enough to be healthy again', () => {
    expect(judge(known, look(500), NOW)).toMatchObject({ state: 'healthy', set: { misses: 1 } });
    expect(judge({ ...known, misses: 2 }, look(500), NOW)).toMatchObject({
      state: 'unhealthy',
      reason: 'Unhealthy: the health check was answered with 500.',
    });
    expect(judge({ ...known, misses: 2 }, look(404), NOW)).toMatchObject({ state: 'healthy', set: { misses: 0 } });
    expect(judge({ ...known, state: 'unhealthy', misses: 5 }, look(200), NOW)).toMatchObject({ state: 'healthy', set: { misses: 0 } });
    expect(judge({ ...known, state: 'unhealthy', misses: 5 }, look('refused', 1, true), NOW).reason).toContain('exit code 3');
  });

  test('finds a crash loop in five restarts within five minutes, also of an app that answers at that moment', () => {
    expect(judge(known, look(200, 4), NOW).state).toBe('healthy');
    expect(judge(known, look(200, 5), NOW)).toMatchObject({ state: 'failed', reason: expect.stringContaining('5 times within 5 minutes') });
  });

  test('does not count restarts of earlier windows', () => {
    const before = { ...known, restarts: 4, window_at: ago(301) };
    expect(judge(before, look(200, 5), NOW)).toMatchObject({ state: 'healthy', set: { restarts: 5, window_restarts: 4, window_at: NOW } });
    expect(judge({ ...before, restarts: 4, window_restarts: 4, window_at: ago(10) }, look(200, 9), NOW).state).toBe('failed');
  });

  test('never counts fewer restarts than before', () => {
    expect(judge({ ...known, restarts: 3, window_restarts: 3 }, { answer: undefined, app: undefined }, NOW)).toMatchObject({
      state: 'healthy',
      set: { restarts: 3, misses: 1 },
    });
  });
});
