import type { BrowserPermission } from '@miosa/kernel';
import { covers, type MinterNow } from '../access/index.ts';

/** What a minter must have itself to give a permission (contract 2.5). */
export const SCOPE_OF: Readonly<Record<BrowserPermission, string>> = {
  'sandbox:read': 'sandboxes:read',
  'sandbox:exec': 'sandboxes:write',
  'sandbox:files': 'sandboxes:write',
  'terminal:open': 'sandboxes:write',
  'preview:read': 'previews:write',
  'computer:view': 'computers:read',
  'computer:control': 'computers:write',
};

/** Does the minter still have what the permission rests on? Narrowing a key's scopes narrows the tokens it minted. */
export const stillGives = ({ scopes, role, is_operator }: MinterNow, permission: BrowserPermission): boolean => {
  const scope = SCOPE_OF[permission];
  if (role === 'viewer' && !scope.endsWith(':read') && !is_operator) return false;
  return scopes === null || covers(scopes, scope);
};
