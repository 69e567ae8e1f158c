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
