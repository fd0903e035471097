import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../harness/started-process.ts';

const workspaces = ['packages/*', 'services/*', 'apps/*', 'bench'];
const ignored = (path: string) => /(^|\/)(node_modules|dist)(\/|$)/.test(path);
const find = (...patterns: string[]) =>
  patterns
    .flatMap((pattern) => globSync(pattern, { cwd: repository }))
    .filter((path) => !ignored(path))
    .sort();

const read = (path: string): string => readFileSync(join(repository, path), 'utf8');
const withoutComments = (code: string): string =>
  code.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');

/** What a source file imports: modules as they are named, files by their path in the repository. */
const importsOf = (path: string): string[] => {
  const code = withoutComments(read(path));
  const named = [
    ...code.matchAll(/^\s*(?:import|export)\b[^'"();]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g),
  ].map(([, module]) => module as string);
  return named.map((module) => (module.startsWith('.') ? normalize(join(dirname(path), module)) : module));
};

const everyImport = (pattern: string) =>
  find(pattern).flatMap((path) => importsOf(path).map((module) => ({ path, module })));

/** The imports that break a rule, as lines that can be read. */
const breaches = (pattern: string, allowed: (module: string, path: string) => boolean): string[] =>
  everyImport(pattern)
    .filter(({ path, module }) => !allowed(module, path))
    .map(({ path, module }) => `${path} imports ${module}`);

const within = (folder: string, path: string): boolean => !relative(folder, path).startsWith('..');
const packageOf = (module: string): string =>
  module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
const isBuiltin = (module: string) => module.startsWith('node:') || builtinModules.includes(module);

interface Manifest {
  readonly name: string;
  readonly bin?: object;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const sources = find(
  ...workspaces.flatMap((folder) => [`${folder}/**/*.ts`, `${folder}/**/*.js`]),
  'tests/**/*.ts',
  'deploy/**/*.ts',
  '*.ts',
);

describe('the house', () => {
  it('is found by this test', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(everyImport('services/router/src/**/*.ts').length).toBeGreaterThan(50);
  });

  it('has a protocol that imports nothing outside itself', () => {
    expect(
      breaches('packages/protocol/src/**/*.ts', (module) => within('packages/protocol/src', module)),
    ).toEqual([]);
  });

  it('has a kit that knows nothing of the protocol', () => {
    expect(breaches('packages/runtime/**/*.ts', (module) => !module.includes('protocol'))).toEqual([]);
  });

  it('has services that never import each other, nor an app', () => {
    const others = /^(services|apps|bench|tests)\/|^@parley\/(router|agent|cli|console)/;
    for (const service of ['router', 'agent']) {
      const own = `services/${service}`;
      expect(breaches(`${own}/src/**/*.ts`, (module) => within(own, module) || !others.test(module))).toEqual(
        [],
      );
    }
  });

  it('has a core that imports only the protocol, the pure text package and its own neighbours', () => {
    const core = 'services/router/src/core';
    expect(
      breaches(
        `${core}/**/*.ts`,
        (module) => /^@parley\/(protocol|text)$/.test(module) || within(core, module),
      ),
    ).toEqual([]);
    expect(find(`${core}/**/*.ts`).length).toBeGreaterThan(2);
  });

  it('has a core without clock, chance or waiting', () => {
    const impure =
      /\bDate\b|\bperformance\b|Math\.random|\bsetTimeout\b|\bsetImmediate\b|\basync\b|\bawait\b|\bprocess\b/;
    const found = find('services/router/src/core/**/*.ts').filter((path) =>
      impure.test(withoutComments(read(path))),
    );
    expect(found).toEqual([]);
  });

  it('reads the environment, handles signals and exits only in main.ts', () => {
    const rule = /process\.env\b|process\.exit\b|process\.on\(\s*['"]SIG/;
    const found = find('{packages,services,apps}/*/src/**/*.ts')
      .filter((path) => basename(path) !== 'main.ts')
      .filter((path) => rule.test(withoutComments(read(path))));
    expect(found).toEqual([]);
  });

  it('has apps and tests that reach into no workspace but through its front webSocketServer', () => {
    const inside = /^(packages|services)\/[^/]+\/src\//;
    expect(breaches('apps/*/src/**/*.ts', (module) => !inside.test(module))).toEqual([]);
  });

  it('has no file over 300 lines', () => {
    const long = sources.map((path) => [path, read(path).trimEnd().split('\n').length] as const);
    expect(long.filter(([, lines]) => lines > 300)).toEqual([]);
  });

  it('has no drawer for odds and ends', () => {
    const drawers = /^(utils?|helpers?|managers?|common|types|misc|shared)\.(ts|js)$/;
    expect(sources.filter((path) => drawers.test(basename(path)))).toEqual([]);
    expect(sources.map((path) => basename(path)).filter((name) => /[A-Z_ ]/.test(name))).toEqual([]);
  });

  it('declares in each package.json what the sources beside it import', () => {
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
