export { MiosaPreview, type MiosaPreviewProps } from './preview.tsx';
export { DEFAULT_STRINGS, type PreviewStrings } from './strings.ts';
