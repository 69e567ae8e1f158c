import type { SizeName } from '@miosa/kernel';

/** What is told of a template that comes with the installation. */
export interface BuiltIn {
  readonly slug: string;
  readonly name: string;
  readonly description: string | null;
  readonly previewPort: number | null;
  readonly installedTools: readonly string[];
}

export const DEFAULT_TEMPLATE = 'miosa-sandbox';
export const DEFAULT_SIZE: SizeName = 'small';
export const WORKDIR = '/workspace';

/** templates/<slug>/recipe.json says what is in them. */
const KNOWN: readonly BuiltIn[] = [
  {
    slug: DEFAULT_TEMPLATE,
    name: 'MIOSA Sandbox',
    description: 'Debian 12 with Node 22, Python 3, Go, git and build tools',
    previewPort: 5173,
    installedTools: ['node', 'npm', 'python3', 'pip', 'go', 'git', 'gcc', 'make', 'curl', 'jq', 'ripgrep', 'sqlite3'],
  },
];

/** Others are what the operator has put on the host. */
export const builtIn = (slug: string): BuiltIn =>
  KNOWN.find((known) => known.slug === slug) ?? { slug, name: slug, description: null, previewPort: null, installedTools: [] };
