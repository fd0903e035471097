import { accessSync, constants, readdirSync, statSync } from 'node:fs';

/**
 * The owner and the mode of a file or folder that this process may not use, as text; empty when it may use it. Containers run as
 * user 1000, which has no access to files of another user with private permissions.
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

/** A folder that exists and has no files. The links of a kubelet (`..data`) are none. */
export const isEmptyFolder = (path: string): boolean => {
  try {
    return readdirSync(path).every((name) => name.startsWith('..'));
  } catch {
    return false;
  }
};
