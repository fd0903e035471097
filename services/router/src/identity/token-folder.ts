import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@parley/runtime';

export interface NewToken {
  readonly token: string;
  /** For the file of ROUTER_TOKENS_FILE. */
  readonly line: string;
}

/** The file of ROUTER_TOKENS_FILE below the folder. */
const listFolder = 'router';

/** The name of the folder for these names: characters of patterns are left out. */
const folderOf = (names: string): string => {
  const folder = names.replaceAll(/[^\p{L}\p{N}._,-]/gu, '').replace(/^\.+/, '');
  if (folder === '' || folder === listFolder)
    throw new ConfigError([`token: ${names} gives no name for a folder, or that of the router's own list`]);
  return folder;
};

const give = (path: string, owner: number | undefined): void => {
  if (owner === undefined) return;
  try {
    chownSync(path, owner, owner);
  } catch (error) {
    throw new ConfigError([`${path} cannot be given to user ${owner}: ${(error as Error).message}`]);
  }
};

/** Replaces the file by a rename. The folder is mounted, not the file, so a running router sees the new file. */
const write = (path: string, text: string, owner: number | undefined): void => {
  const partial = `${path}.partial`;
  writeFileSync(partial, text, { mode: 0o400 });
  give(partial, owner);
  renameSync(partial, path);
};

/** Root writes files for user 1000 of the containers; any other user owns its files. */
const ownerFor = (): number | undefined => (process.getuid?.() === 0 ? 1_000 : undefined);

const folderFor = (root: string, name: string, owner: number | undefined): string => {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (statSync(folder).uid !== owner) give(folder, owner);
  return folder;
};

const linesOf = (list: string): string[] =>
  existsSync(list)
    ? readFileSync(list, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
    : [];

/**
 * Stores a new token in a folder of its own (`NAMES/token`) and its line in `router/tokens`. It replaces the token that the same
 * names had. Without `made`, the token of these names is removed.
 */
export const keepToken = (root: string, names: string, made: NewToken | undefined): string => {
  const owner = ownerFor();
  const list = join(folderFor(root, listFolder, owner), 'tokens');
  const folder = folderOf(names);
  const others = linesOf(list).filter((line) => line.trim().split(/\s+/)[0] !== names);
  // The token is written first: an agent whose old token is refused restarts, and must find the new one.
  if (made) write(join(folderFor(root, folder, owner), 'token'), made.token, owner);
  else rmSync(join(root, folder), { recursive: true, force: true });
  write(list, [...others, ...(made ? [made.line] : []), ''].join('\n'), owner);
  return made ? `${names}: token kept in ${folder}/token` : `${names}: has no token any more`;
};
