import type { Log } from '@miosa/kernel';
import { pino } from 'pino';

export const createLog = (level: string, name: string): Log => pino({ level, name });
