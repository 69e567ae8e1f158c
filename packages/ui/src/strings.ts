/** Every text a person can see or hear; override any of them. */
export interface PreviewStrings {
  readonly title: string;
  readonly loading: string;
  readonly expired: string;
  readonly gone: string;
  readonly failed: string;
  readonly retry: string;
}

export const DEFAULT_STRINGS: PreviewStrings = {
  title: 'Preview',
  loading: 'Loading the preview …',
  expired: 'This preview has expired. Reload the page to see it again.',
  gone: 'This preview has ended.',
  failed: 'The preview did not load.',
  retry: 'Try again',
};

/** Texts of the file tree. */
export interface TreeStrings {
  readonly title: string;
  readonly loading: string;
  readonly empty: string;
  readonly more: string;
  readonly expired: string;
  readonly paused: string;
  readonly gone: string;
  readonly failed: string;
  readonly retry: string;
  readonly wake: string;
}

export const DEFAULT_TREE_STRINGS: TreeStrings = {
  title: 'Files',
  loading: 'Loading the files …',
  empty: 'This folder is empty.',
  more: 'Only the first 1000 entries of a folder are shown.',
  expired: 'Your access to these files has ended. Reload the page to see them again.',
  paused: 'The sandbox is paused.',
  gone: 'These files are gone.',
  failed: 'The files could not be loaded.',
  retry: 'Try again',
  wake: 'Wake it',
};
