#!/usr/bin/env node
import { processIo } from './io.ts';
import { run } from './run.ts';

// The reader of a pipe may leave early (`miosa … | head`): that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await run(process.argv.slice(2), processIo());
