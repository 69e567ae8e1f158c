/** How the edge reaches the agent of a sandbox: the JSON the runtime port publishes. */
export type AgentEndpoint = { readonly socketPath: string } | { readonly host: string; readonly port: number; readonly secret: string };

export interface PreviewRule {
  readonly port: number;
  readonly visibility: 'public' | 'private';
  readonly hostHeader: 'localhost' | 'public';
}

/** All the edge knows of a sandbox. */
export interface SandboxRoute {
  readonly id: string;
  readonly slug: string;
  readonly tenantId: string;
  readonly state: 'provisioning' | 'running' | 'paused' | 'error' | 'destroyed';
  /** `snapshotting`, `resizing`: it goes on answering. */
  readonly transition: 'pausing' | 'resuming' | 'destroying' | 'snapshotting' | 'restoring' | 'resizing' | 'hibernating' | null;
  readonly previewPort: number | null;
  readonly endpoint: AgentEndpoint | null;
  readonly previews: readonly PreviewRule[];
  /** Whose pages may frame its previews and act in them; empty = any may frame (contract 4.4). */
  readonly embedOrigins: readonly string[];
}

export interface ShareRecord {
  readonly sandboxId: string;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** Dates of an API key; both null while it lives without an end. */
export interface KeyRecord {
  readonly id: string;
  readonly revokedAt: Date | null;
  readonly expiresAt: Date | null;
}

/** The published, read-only view of the world. Every method is one query. */
export interface RouteStore {
  sandboxBySlug(slug: string): Promise<SandboxRoute | null>;
  sandboxById(id: string): Promise<SandboxRoute | null>;
  share(tokenHash: Buffer): Promise<ShareRecord | null>;
  key(id: string): Promise<KeyRecord>;
}

const GOES_ON: readonly SandboxRoute['transition'][] = [null, 'snapshotting', 'resizing'];
export const isGone = (route: SandboxRoute): boolean => route.state === 'destroyed' || route.transition === 'destroying';
export const isRunning = (route: Pick<SandboxRoute, 'state' | 'transition' | 'endpoint'>): boolean =>
  route.state === 'running' && GOES_ON.includes(route.transition) && route.endpoint !== null;
export const ruleFor = (route: SandboxRoute, port: number): PreviewRule | undefined => route.previews.find((rule) => rule.port === port);
