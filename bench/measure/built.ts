import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** This checkout. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

const directory = mkdtempSync(join(tmpdir(), 'parley-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));

/** A fresh directory for one ledger, on the file system of the temporary directory. */
export const emptyDirectory = (): string => mkdtempSync(join(directory, 'ledger-'));

/** Bundles a program of this workspace into one file, so that baselines start like the services. */
export const bundled = async (program: string): Promise<string> => {
  const outfile = join(directory, `${program.replaceAll('/', '-').replace(/\.ts$/, '')}.mjs`);
  await build({
    entryPoints: [join(root, 'bench', program)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
};

/** Builds a service of a checkout as its image holds it. */
export const builtService = (name: 'router' | 'agent', checkout = root): string => {
  execFileSync(process.execPath, ['build.ts', name], { cwd: checkout, stdio: 'ignore' });
  // Older commits have one file.
  return [`${name}/${name}.mjs`, `${name}.cjs`].map((file) => join(checkout, 'dist', file)).find(existsSync)!;
};

export const source = (service: 'router' | 'agent'): string => join(root, 'services', service, 'src/main.ts');
