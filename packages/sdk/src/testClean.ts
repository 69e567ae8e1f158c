/** Test helper: what the machine has set for the SDK must not matter to a test. */
for (const name of Object.keys(process.env)) if (name.startsWith('MIOSA_')) delete process.env[name];
