import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface ConsoleFile {
  readonly type: string;
  readonly body: Buffer;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The web page, from the first of these folders that exists, by URL path. Empty when none does. */
export const loadConsole = (folders: readonly string[]): ReadonlyMap<string, ConsoleFile> => {
  for (const folder of folders) {
    try {
      const files = readdirSync(folder).filter((name) => types[extname(name)] !== undefined);
      const loaded = files.map((name): [string, ConsoleFile] => [
        name === 'index.html' ? '/' : `/${name}`,
        { type: types[extname(name)] as string, body: readFileSync(join(folder, name)) },
      ]);
      if (loaded.length > 0) return new Map(loaded);
    } catch {
      // Not there: the next one.
    }
  }
  return new Map();
};
