/** Whether an entry is left out, given that no folder above it is. */
export type LeftOut = (path: string, isFolder: boolean) => boolean;

const SEGMENT: Readonly<Record<string, string>> = { '*': '[^/]*', '?': '[^/]' };

/** A glob as the agent knows it: `*` and `?` stop at a slash, `**` stands for any number of folders. */
const expressionOf = (glob: string): RegExp => {
  const anchored = glob.includes('/');
  const parts = glob.replace(/^\/+/, '').split('/');
  const text = parts
    .map((part, n) => {
      const last = n === parts.length - 1;
      if (part === '**') return last ? '.+' : '(?:[^/]+/)*';
      const inside = part.replace(/\[!/g, '[^').replace(/\\.|[*?]|[.+^${}()|]/g, (found, at: number, whole: string) => {
        if (found.length === 2) return found;
        return found === '^' && whole[at - 1] === '[' ? '^' : (SEGMENT[found] ?? `\\${found}`);
      });
      return last ? inside : `${inside}/`;
    })
    .join('');
  return new RegExp(anchored ? `^${text}$` : `(?:^|/)${text}$`, 'u');
};

/** Globs that leave out, and the lines of an ignore file (the last one that matches counts). */
export const leftOutOf = (exclude: readonly string[], ignoreFile: string): LeftOut => {
  const globs = exclude.map((glob) => expressionOf(glob.replace(/\/+$/, '')));
  const rules = ignoreFile
    .split('\n')
    .map((line) => line.replace(/^\uFEFF/, '').trimEnd())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const pattern = line.replace(/^!/, '');
      return { takesBack: line.startsWith('!'), foldersOnly: pattern.endsWith('/'), at: expressionOf(pattern.replace(/\/+$/, '')) };
    });
  return (path, isFolder) => {
    if (globs.some((glob) => glob.test(path))) return true;
    const rule = rules.findLast(({ foldersOnly, at }) => (isFolder || !foldersOnly) && at.test(path));
    return rule !== undefined && !rule.takesBack;
  };
};
