/** Bundles each service into one file that needs nothing but Node: `npm run build [-- router|agent]`. */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const services = ['router', 'agent'];

const { positionals } = parseArgs({ allowPositionals: true });
const wanted = positionals.length > 0 ? positionals : services;
const unknown = wanted.filter((name) => !services.includes(name));
if (unknown.length > 0) {
  console.error(`build: there is no service ${unknown.join(', ')}; there are ${services.join(', ')}`);
  process.exit(1);
}

const { warnings } = await build({
  entryPoints: wanted.map((name) => ({ in: `services/${name}/src/main.ts`, out: name })),
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  // CommonJS, because some dependencies call require() for Node's own modules.
  format: 'cjs',
  minify: true,
  // Errors are told apart by the name of their class.
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'info',
}).catch(() => process.exit(1)); // esbuild has said why

// The page that the router serves needs no building: it is found beside the bundle.
if (wanted.includes('router')) {
  mkdirSync('dist/console', { recursive: true });
  for (const file of readdirSync('apps/console').filter((name) => /\.(html|js|css|svg)$/.test(name))) {
    copyFileSync(`apps/console/${file}`, `dist/console/${file}`);
  }
}

// A bundle with a warning starts and fails later, in somebody's container.
if (warnings.length > 0) process.exit(1);
