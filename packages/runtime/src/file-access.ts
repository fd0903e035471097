import { accessSync, constants, statSync } from 'node:fs';

/**
 * Whose a file or folder is, when this process may not use it; otherwise an empty text. Containers run as user 1000, to whom
 * a folder or a secret of another user of the machine is closed.
 */
export const whoMayUse = (path: string, { write }: { readonly write: boolean }): string => {
  try {
    accessSync(path, write ? constants.W_OK : constants.R_OK);
    return '';
  } catch {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return '';
    const mode = (found.mode & 0o777).toString(8);
    return `; ${path} belongs to user ${found.uid} (mode ${mode}), and this process is user ${process.getuid?.()}`;
  }
};
