import { Fault } from '@miosa/kernel';

export type Framework =
  | 'static'
  | 'vite'
  | 'next'
  | 'astro'
  | 'nuxt'
  | 'sveltekit'
  | 'react-router'
  | 'create-react-app'
  | 'gatsby'
  | 'eleventy'
  | 'docusaurus'
  | 'vitepress'
  | 'angular'
  | 'node'
  | 'python-wsgi'
  | 'python-asgi'
  | 'python'
  | 'procfile'
  | 'command';

/** One command of a build, run by the shell in /workspace as the unprivileged user. */
export interface BuildStep {
  readonly name: 'install' | 'build';
  readonly command: string;
  /**
   * Not run when `marker` is there and none of `sources` is younger, or when it holds what npm's `lockfile` asks for: what is installed is what is
   * wanted.
   */
  readonly unless?: { readonly marker: string; readonly sources: readonly string[]; readonly lockfile?: string };
}

/** How a source becomes a release, with all that was asked for put in. */
export interface Plan {
  readonly kind: 'static' | 'dynamic';
  readonly framework: Framework;
  readonly steps: readonly BuildStep[];
  /** Static: folders below /workspace of which the first that holds the entrypoint is published; one = that or none. */
  readonly outputs: readonly string[];
  /** Static: the HTML file that makes a folder a site. */
  readonly entrypoint: string;
  /** Dynamic: what an instance runs in /workspace, by the shell, with PORT set. */
  readonly runCommand: string | null;
  readonly port: number | null;
  /** Why this and nothing else; the first line of the build log. */
  readonly reason: string;
}

/** What was asked for; wins over everything that is found. */
export interface Wishes {
  readonly kind?: 'auto' | 'static' | 'dynamic' | undefined;
  readonly outputPath?: string | null | undefined;
  readonly entrypoint?: string | null | undefined;
  /** '' = build nothing. */
  readonly buildCommand?: string | null | undefined;
  readonly runCommand?: string | null | undefined;
  readonly port?: number | null | undefined;
}

/** What of a source its plan depends on. */
export interface Tree {
  /** Files relative to its root, `/` between folders; those near the root are enough. */
  readonly files: readonly string[];
  /** Contents of those that `textsWanted` names. */
  readonly texts: Readonly<Record<string, string>>;
}

/** What a detector has found; the rest of the plan follows from it. */
export interface Found {
  readonly kind: 'static' | 'dynamic';
  readonly framework: Framework;
  readonly reason: string;
  /** What the framework says; an own command replaces it. */
  readonly build?: string | null;
  /** Static: where the framework puts its files; then sources that look like a site (`public`, the root) are none. */
  readonly outputs?: readonly string[];
  readonly run?: string | null;
  readonly port?: number;
}

/** The source cannot be published as it is; `message` says what to set. */
export const unplannable = (message: string): Fault =>
  new Fault('VALIDATION_ERROR', message, { details: { reason: 'not_publishable', fields: [{ path: 'kind', message }] } });
