import { readFileSync } from 'node:fs';

/** Whether exactly that process (pid and start time, field 22 of /proc/pid/stat) is still alive. */
export const isAlive = (process: { pid: number; startTime: number } | null): boolean => {
  if (process === null) return false;
  try {
    const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] !== 'Z' && fields[0] !== 'X' && Number(fields[19]) === process.startTime;
  } catch {
    return false;
  }
};
