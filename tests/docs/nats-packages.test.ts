import { describe, expect, it } from 'vitest';
import { code, everyImport, importsOf } from './source-graph.ts';

const folders = ['services/router/src/ledger/jetstream/', 'services/router/src/cluster/nats/'];
const isOfNats = (path: string): boolean => folders.some((folder) => path.startsWith(folder));
const sources = '{packages,services,apps}/*/src/**/*.ts';

/** Files that a program evaluates when it starts: what its entry point imports, without imports that run later. */
const loadedBy = (entry: string): Set<string> => {
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    const later = new Set([...code(path).matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)].map(([, name]) => name));
    const typesOnly = new Set(
      [...code(path).matchAll(/^import type [^;]*?from ['"]([^'"]+)['"]/gm)].map(([, name]) => name),
    );
    for (const module of importsOf(path)) {
      const name = module.split('/').at(-1) ?? '';
      const isSkipped = [...later, ...typesOnly].some((one) => one?.endsWith(`/${name}`));
      if (module.endsWith('.ts') && !isSkipped) visit(module);
    }
  };
  visit(entry);
  return loaded;
};

describe('the packages of NATS', () => {
  it('the packages of NATS are imported only by the ledger in JetStream and by what several routers share', () => {
    const importers = everyImport(sources).filter(({ module }) => module.startsWith('@nats-io/'));
    expect(importers.length).toBeGreaterThan(5);
    expect(importers.filter(({ path }) => !isOfNats(path))).toEqual([]);
  });

  it('the packages of NATS are not loaded by a router whose ledger is a file or memory', () => {
    const loaded = loadedBy('services/router/src/main.ts');
    expect(loaded.size).toBeGreaterThan(150);
    expect([...loaded].filter(isOfNats)).toEqual([]);
  });
});
