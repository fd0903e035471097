import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { breaches, code, everyImport, find, importsOf, isBuiltin, read, within } from './source-graph.ts';

const workspaces = ['packages/*', 'services/*', 'apps/*', 'bench'];

interface Manifest {
  readonly name: string;
  readonly bin?: object;
  readonly exports?: string | Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const sources = find(
  ...workspaces.flatMap((folder) => [`${folder}/**/*.ts`, `${folder}/**/*.js`]),
  'tests/**/*.ts',
  'deploy/**/*.ts',
  '*.ts',
);

const packageOf = (module: string): string =>
  module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * Files outside a service that reach into its sources, and why an export would say less. What they import is no interface:
 * it may change without notice.
 */
const reachingInside: Readonly<Record<string, string>> = {
  'tests/autobahn/echo-server.ts': 'runs the WebSocket server of the router without a router',
  'tests/conversations/fifty-agents.test.ts': 'runs fifty agents and a router in one process',
  'tests/history-checker/history-checker.test.ts': 'uses the entries of the tests of the ledger',
  'tests/failures/damaged-ledger.test.ts': 'uses the entries of the tests of the ledger',
  'tests/fuzz/shapes.ts': 'uses the generators of frames of the tests of the protocol',
  'bench/load/cost.ts': 'measures functions of the router one by one',
  'bench/load/long-conversations.ts': 'writes checkpoints as the router does, without the router',
};

describe('the architecture', () => {
  it('the architecture test reads as many sources as there must be', () => {
    expect(sources.length).toBeGreaterThan(400);
    expect(everyImport('services/router/src/**/*.ts').length).toBeGreaterThan(300);
  });

  it('packages/protocol imports nothing outside itself', () => {
    expect(
      breaches('packages/protocol/src/**/*.ts', (module) => within('packages/protocol/src', module)),
    ).toEqual([]);
  });

  it('packages/runtime does not use the protocol', () => {
    expect(breaches('packages/runtime/**/*.ts', (module) => !module.includes('protocol'))).toEqual([]);
  });

  it('no service imports another service or an app', () => {
    const others = /^(services|apps|bench|tests)\/|^(@parley\/(router|agent|console)|parley)(\/|$)/;
    for (const own of ['services/router', 'services/agent'])
      expect(breaches(`${own}/src/**/*.ts`, (module) => within(own, module) || !others.test(module))).toEqual(
        [],
      );
  });

  it('packages/text imports nothing outside itself', () => {
    expect(breaches('packages/text/src/**/*.ts', (module) => within('packages/text/src', module))).toEqual(
      [],
    );
  });

  it('packages/markdown imports nothing but its parser', () => {
    const own = 'packages/markdown/src';
    expect(breaches(`${own}/**/*.ts`, (module) => module === 'marked' || within(own, module))).toEqual([]);
  });

  it('the core imports only the protocol, the pure text package and its own neighbours', () => {
    const core = 'services/router/src/core';
    const pure = /^@parley\/(protocol|text)$/;
    expect(breaches(`${core}/**/*.ts`, (module) => pure.test(module) || within(core, module))).toEqual([]);
    expect(find(`${core}/**/*.ts`).length).toBeGreaterThan(10);
  });

  it('the core has no clocks, no random numbers and no waiting', () => {
    const impure =
      /\bDate\b|\bperformance\b|Math\.random|\bsetTimeout\b|\bsetImmediate\b|\basync\b|\bawait\b|\bprocess\b/;
    expect(find('services/router/src/core/**/*.ts').filter((path) => impure.test(code(path)))).toEqual([]);
  });

  it('only main.ts reads the environment, handles signals and exits', () => {
    const rule = /\bprocess\.(env|exit)\b|\.(on|once|addListener)\(\s*['"]SIG/;
    // The life-cycle of every process: what runMain and stopOnSignal are for.
    const allowed = new Set(['packages/runtime/src/process.ts']);
    const found = find('{packages,services,apps}/*/src/**/*.ts')
      .filter((path) => basename(path) !== 'main.ts' && !allowed.has(path))
      .filter((path) => rule.test(code(path)));
    expect(found).toEqual([]);
    expect(rule.test("host.on('SIGUSR2', backup)")).toBe(true);
  });

  it('apps, tests, bench and deploy import a workspace only through its exports', () => {
    const workspaceOf = (path: string) => /^(?:packages|services|apps)\/[^/]+|^bench/.exec(path)?.[0];
    const inside = (module: string, path: string): boolean => {
      const workspace = workspaceOf(module);
      return workspace !== undefined && workspace !== workspaceOf(path) && /\.(ts|js)$/.test(module);
    };
    const outside = ['apps/**/*.{ts,js}', 'tests/**/*.ts', 'bench/**/*.ts', 'deploy/**/*.ts', '*.ts'];
    expect(everyImport(...outside).length).toBeGreaterThan(500);
    expect(breaches(outside, (module, path) => !inside(module, path) || path in reachingInside)).toEqual([]);
    const needless = Object.keys(reachingInside).filter(
      (path) => !importsOf(path).some((module) => inside(module, path)),
    );
    expect(needless, 'an exception that nothing needs').toEqual([]);
  });

  it('every exported file exists', () => {
    for (const manifest of find(...workspaces.map((folder) => `${folder}/package.json`))) {
      const { exports = {} } = JSON.parse(read(manifest)) as Manifest;
      for (const file of typeof exports === 'string' ? [exports] : Object.values(exports))
        expect(find(join(dirname(manifest), file)), `${manifest} exports ${file}`).toHaveLength(1);
    }
  });

  it('no file has over 300 lines', () => {
    const long = sources.map((path) => [path, read(path).trimEnd().split('\n').length] as const);
    expect(long.filter(([, lines]) => lines > 300)).toEqual([]);
  });

  it('no file has a name for mixed contents', () => {
    const drawers = /^(utils?|helpers?|managers?|common|types|misc|shared)\.(ts|js)$/;
    expect(sources.filter((path) => drawers.test(basename(path)))).toEqual([]);
    expect(sources.map((path) => basename(path)).filter((name) => /[A-Z_ ]/.test(name))).toEqual([]);
  });

  it('each package.json declares what the sources beside it import', () => {
    const root = JSON.parse(read('package.json')) as Manifest;
    for (const manifest of find(...workspaces.map((folder) => `${folder}/package.json`))) {
      const { name, bin, dependencies = {}, devDependencies = {} } = JSON.parse(read(manifest)) as Manifest;
      const used = (pattern: string) =>
        new Set(
          everyImport(join(dirname(manifest), pattern))
            .map(({ module }) => module)
            .filter((module) => !/^[a-z]+\//.test(module) || module.startsWith('@'))
            .filter((module) => !isBuiltin(module) && !within(dirname(manifest), module))
            .map(packageOf)
            .filter((module) => module !== name),
        );
      const src = used('src/**/*.ts');
      // A package with a bundled program needs its dependencies only to build it.
      const needed = bin === undefined ? dependencies : { ...dependencies, ...devDependencies };
      const undeclared = [...src].filter((module) => !(module in needed));
      expect(undeclared, `${manifest} does not declare`).toEqual([]);
      const known = { ...dependencies, ...devDependencies, ...root.dependencies, ...root.devDependencies };
      const all = [...used('**/*.ts')].filter(
        (module) => !(module in known) && !module.startsWith('@parley/'),
      );
      expect(all, `${manifest} and the root do not declare`).toEqual([]);
    }
  });
});
