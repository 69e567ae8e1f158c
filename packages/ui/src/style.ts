import type { CSSProperties } from 'react';

export type Theme = 'dark' | 'light';

// Set through the style object, not through a style sheet: a strict Content-Security-Policy allows it.
export const frameStyle: CSSProperties = { display: 'block', width: '100%', height: '100%', border: 0 };
export const boxStyle: CSSProperties = { position: 'relative', width: '100%', height: '100%', minHeight: 240 };

const COLOURS = { dark: { background: '#111827', color: '#f9fafb' }, light: { background: '#f9fafb', color: '#111827' } } as const;

export const noticeStyle = (theme: Theme): CSSProperties => ({
  ...COLOURS[theme],
  position: 'absolute',
  inset: 0,
  display: 'flex',
  flexDirection: 'column',
  gap: 12,
  alignItems: 'center',
  justifyContent: 'center',
  padding: 16,
  textAlign: 'center',
  font: '14px/1.5 system-ui, sans-serif',
});

export const treeStyle = (theme: Theme): CSSProperties => ({
  ...COLOURS[theme],
  height: '100%',
  overflow: 'auto',
  padding: 8,
  font: '13px/1.6 system-ui, sans-serif',
});

const SELECTED = { dark: '#374151', light: '#e5e7eb' } as const;
const INDENT_PX = 14;

export const rowStyle = (theme: Theme, level: number, isSelected: boolean): CSSProperties => ({
  paddingLeft: (level - 1) * INDENT_PX,
  whiteSpace: 'nowrap',
  cursor: 'default',
  userSelect: 'none',
  ...(isSelected ? { background: SELECTED[theme] } : {}),
});
