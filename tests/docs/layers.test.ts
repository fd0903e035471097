import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cycles, everyImport, find, importsOf } from './source-graph.ts';

/**
 * The layers of each workspace, the lowest first: folders of `src`, and files where one file of a folder lies lower than the
 * others. The longest path that fits a file is its layer. A file imports from its own layer and from lower ones.
 */
const layers: Readonly<Record<string, readonly string[]>> = {
  'services/router/src': [
    'time',
    'faults.ts',
    'core',
    'ledger',
    'cluster',
    'conversations',
    'http/server/rejections.ts',
    'quota',
    'socket/text-frame.ts',
    'socket/connection.ts',
    'presence',
    'turns',
    'delivery',
    'activity',
    'sharing',
    'metrics.ts',
    'router.ts',
    'identity',
    'sessions',
    'http',
    'socket',
    'settings.ts',
    'serve.ts',
    'start-garbage.ts',
    'start.ts',
    'main.ts',
  ],
  'services/agent/src': [
    'version.ts',
    'faults.ts',
    'memory',
    'policies',
    'settings',
    'link',
    'text/tokens.ts',
    'models/model.ts',
    'text',
    'models',
    'prompt',
    'turns',
    'metrics.ts',
    'agent.ts',
    'hosted-agents.ts',
    'agent-name.ts',
    'index.ts',
    'main.ts',
  ],
  'apps/cli/src': [
    'arguments.ts',
    'exit-codes.ts',
    'ledger-hash.ts',
    'writable.ts',
    'api',
    'terminal',
    'exports',
    'command.ts',
    'options.ts',
    'completion',
    'scenario',
    'deployment',
    'recording',
    'batch',
    'doctor',
    'commands',
    'program.ts',
    'reference.ts',
    'main.ts',
  ],
};

const graphOf = (folder: string): Map<string, string[]> =>
  new Map(
    find(`${folder}/**/*.ts`).map((path) => [
      path,
      importsOf(path).filter((module) => module.endsWith('.ts')),
    ]),
  );

describe.each(Object.entries(layers))('the layers of %s', (folder, order) => {
  const layerOf = (path: string): number => {
    const inside = path.slice(folder.length + 1);
    const fitting = order.filter((layer) => inside === layer || inside.startsWith(`${layer}/`));
    const nearest = fitting.toSorted((a, b) => b.length - a.length)[0];
    return nearest === undefined ? Number.NaN : order.indexOf(nearest);
  };

  it('the layers name every source file', () => {
    const files = find(`${folder}/**/*.ts`);
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((path) => Number.isNaN(layerOf(path)))).toEqual([]);
    expect(
      order.filter((layer) => find(`${folder}/${layer}`, `${folder}/${layer}/**/*.ts`).length === 0),
    ).toEqual([]);
  });

  it('the layers have no import from a lower layer to a higher one', () => {
    const upward = everyImport(`${folder}/**/*.ts`)
      .filter(({ module }) => module.startsWith(`${folder}/`) && module.endsWith('.ts'))
      .filter(({ path, module }) => layerOf(module) > layerOf(path))
      .map(({ path, module }) => `${path} imports ${module}`);
    expect(upward).toEqual([]);
  });
});

describe('the source files of every workspace', () => {
  it('the source files of one folder are at most 15, and those at the root of the router at most 8', () => {
    const folders = new Map<string, number>();
    for (const path of find('{packages,services,apps}/*/src/**/*.{ts,tsx}'))
      folders.set(dirname(path), (folders.get(dirname(path)) ?? 0) + 1);
    expect(folders.size).toBeGreaterThan(40);
    expect([...folders].filter(([, files]) => files > 15)).toEqual([]);
    expect(folders.get('services/router/src')).toBeLessThanOrEqual(8);
  });

  it.each([
    'packages/markdown',
    'packages/protocol',
    'packages/runtime',
    'services/router',
    'services/agent',
    'apps/cli',
    'bench',
  ])('the source files import each other without a cycle in %s', (workspace) => {
    const graph = graphOf(workspace);
    expect(graph.size).toBeGreaterThan(1);
    expect(cycles(graph)).toEqual([]);
  });

  it('a cycle of source files would be found', () => {
    const graph = { a: ['b'], b: ['c', 'd'], c: ['a'], d: ['e'], e: [] };
    expect(cycles(new Map(Object.entries(graph)))).toEqual([['a', 'b', 'c']]);
  });
});
