/**
 * Bundles programs into single files that need nothing but Node: `npm run build [-- router|agent|cli]`. The services go
 * to dist/, for the images. The command line goes to apps/cli/dist/ with both services beside it, for `npm pack`.
 */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const services: Readonly<Record<string, string>> = {
  router: 'services/router/src/main.ts',
  agent: 'services/agent/src/main.ts',
};
const commandLine: Readonly<Record<string, string>> = {
  ...services,
  parley: 'apps/cli/src/main.ts',
  'leave-with-parent': 'apps/cli/src/deployment/leave-with-parent.ts',
};

const bundle = async (programs: Readonly<Record<string, string>>, outdir: string): Promise<void> => {
  await build({
    entryPoints: Object.entries(programs).map(([out, file]) => ({ in: file, out })),
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    // CommonJS, because some dependencies call require() for Node's own modules.
    format: 'cjs',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
    minify: true,
    // Errors are told apart by the name of their class.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  }).catch(() => process.exit(1)); // esbuild has said why
};

/** The page that the router serves needs no building: it is found beside the bundle. */
const copyConsole = (outdir: string): void => {
  mkdirSync(`${outdir}/console`, { recursive: true });
  for (const file of readdirSync('apps/console').filter((name) => /\.(html|js|css|svg)$/.test(name))) {
    copyFileSync(`apps/console/${file}`, `${outdir}/console/${file}`);
  }
};

const { positionals } = parseArgs({ allowPositionals: true });
const wanted = positionals.length > 0 ? positionals : Object.keys(services);
const unknown = wanted.filter((name) => name !== 'cli' && !(name in services));
if (unknown.length > 0) {
  console.error(`build: there is no program ${unknown.join(', ')}; there are router, agent and cli`);
  process.exit(1);
}

const chosen = Object.fromEntries(Object.entries(services).filter(([name]) => wanted.includes(name)));
if (Object.keys(chosen).length > 0) await bundle(chosen, 'dist');
if (wanted.includes('router')) copyConsole('dist');
if (wanted.includes('cli')) {
  await bundle(commandLine, 'apps/cli/dist');
  copyConsole('apps/cli/dist');
  copyFileSync('docker-compose.yml', 'apps/cli/dist/docker-compose.yml');
  copyFileSync('LICENSE', 'apps/cli/LICENSE');
  copyFileSync('README.md', 'apps/cli/README.md');
}
