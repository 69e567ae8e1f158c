/**
 * Tables by name. Each module adds its own by declaration merging in its `types.ts`
 * (`declare module '@miosa/db' { interface Schema { sandboxes: SandboxTable } }`), so a new table touches no shared file.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging.
export interface Schema {}
