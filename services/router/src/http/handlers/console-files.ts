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

/** Served in place of the console when it was not built. `npm ci` builds it. */
const unbuilt: ConsoleFile = {
  type: 'text/plain; charset=utf-8',
  body: Buffer.from(
    'The console has not been built. In the folder of the sources: npm run build -- console\n',
  ),
};

/** The web page, from the first of these folders that exists, by URL path. */
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
      // This folder does not exist: try the next one.
    }
  }
  return new Map([['/', unbuilt]]);
};
