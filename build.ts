/**
 * Bundles programs with all that they need but Node: `npm run build [-- router|agent|cli|console]`. Each service goes to a folder in
 * dist/, for its image. The command line goes to apps/cli/dist/ with both services beside it, for `npm pack`. The web page goes to
 * apps/console/dist/, where a router that runs from the sources finds it, and beside each bundled router.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';

const services: Readonly<Record<string, string>> = {
  router: 'services/router/src/main.ts',
  agent: 'services/agent/src/main.ts',
};
const commandLine: Readonly<Record<string, string>> = {
  ...services,
  parley: 'apps/cli/src/main.ts',
  'leave-with-parent': 'apps/cli/src/deployment/leave-with-parent.ts',
};

const unit = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
const escaped = (text: string): string =>
  text.replaceAll(/\P{ASCII}/gu, (char) => char.split('').map(unit).join(''));

/**
 * esbuild escapes all but ASCII, except in regular expressions. One such character makes a string of two bytes for each character of
 * the whole bundle, which the process keeps: 1 MiB of every router and agent.
 */
const ascii: Plugin = {
  name: 'ascii',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/(?:packages|services|apps)\/.*\.ts$/ }, ({ path }) => ({
      contents: escaped(readFileSync(path, 'utf8')),
      loader: 'ts',
    })),
};

/**
 * Of `marked` the page takes what reads Markdown. What makes HTML of it would stay in the bundle, too, since the module makes an
 * instance at its end.
 */
const lexerOfMarked: Plugin = {
  name: 'lexer-of-marked',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/marked\.esm\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const [, classes, exported] =
        /^(.*;)var [\w$]+=new [\w$]+;function .*export\{([^}]*)\}/s.exec(text) ?? [];
      const kept = exported?.split(',').filter((name) => / as (?:Lexer|Tokenizer)$/.test(name));
      if (kept?.length !== 2) throw new Error('marked no longer ends with its instance and its exports');
      return { contents: `${classes}export{${kept}}`, loader: 'js' };
    }),
};

/** Some dependencies are CommonJS: they call `require` for modules of Node, and one knows its own folder. */
const forCommonJs = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url), __dirname = import.meta.dirname;`;

/**
 * Each program is one file, and each part that it imports only when it needs it (traces, NATS, the readable log) is a file beside it. A
 * file that is not imported takes no memory.
 */
const bundle = async (programs: Readonly<Record<string, string>>, outdir: string): Promise<void> => {
  // The names of the parts have hashes of their contents: those of an earlier build would stay.
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: Object.entries(programs).map(([out, file]) => ({ in: file, out })),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: forCommonJs },
    minify: true,
    // Errors are told apart by the name of their class.
    keepNames: true,
    plugins: [ascii],
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  }).catch(() => process.exit(1)); // esbuild has said why
};

/** The web page: one script and one style sheet, with all that they need in them. */
const bundleConsole = async (outdir: string): Promise<void> => {
  mkdirSync(outdir, { recursive: true });
  await build({
    entryPoints: { console: 'apps/console/src/main.tsx', style: 'apps/console/src/style/style.css' },
    outdir,
    bundle: true,
    platform: 'browser',
    target: ['es2023', 'chrome123', 'firefox121', 'safari17.5'],
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    plugins: [lexerOfMarked],
    logLevel: 'warning',
  }).catch(() => process.exit(1));
  for (const file of ['index.html', 'icon.svg']) copyFileSync(`apps/console/${file}`, `${outdir}/${file}`);
};

const { positionals } = parseArgs({ allowPositionals: true });
const wanted = positionals.length > 0 ? positionals : Object.keys(services);
const unknown = wanted.filter((name) => !['cli', 'console'].includes(name) && !(name in services));
if (unknown.length > 0) {
  console.error(`build: there is no program ${unknown.join(', ')}; there are router, agent, cli and console`);
  process.exit(1);
}

for (const [name, program] of Object.entries(services))
  if (wanted.includes(name)) await bundle({ [name]: program }, `dist/${name}`);
if (wanted.includes('router')) await bundleConsole('dist/router/console');
if (wanted.includes('console')) await bundleConsole('apps/console/dist');
if (wanted.includes('cli')) {
  await bundle(commandLine, 'apps/cli/dist');
  await bundleConsole('apps/cli/dist/console');
  copyFileSync('docker-compose.yml', 'apps/cli/dist/docker-compose.yml');
  copyFileSync('LICENSE', 'apps/cli/LICENSE');
  copyFileSync('README.md', 'apps/cli/README.md');
}
