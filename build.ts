/** Bundles each program into one file that needs nothing but Node: `npm run build [-- NAME…]`. */
import { existsSync } from 'node:fs';
import { build } from 'esbuild';

const programs = {
  router: 'services/router/src/main.ts',
  agent: 'services/agent/src/main.ts',
  parley: 'apps/cli/src/main.ts',
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in programs));
if (unknown.length > 0) {
  console.error(`build: no program ${unknown.join(', ')}; there are ${Object.keys(programs).join(', ')}`);
  process.exit(1);
}

// An image build has only the sources of its own program.
const entryPoints = Object.entries(programs)
  .filter(([name, path]) => (wanted.length > 0 ? wanted.includes(name) : existsSync(path)))
  .map(([out, path]) => ({ in: path, out }));

const result = await build({
  entryPoints,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  // CommonJS, because some dependencies call require() for Node's own modules.
  format: 'cjs',
  minify: true,
  // Error classes are told apart by name in logs and metrics.
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'info',
});
if (result.warnings.length > 0) process.exit(1);
