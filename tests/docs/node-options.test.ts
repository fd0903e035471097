import { nodeOptions } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { code, find, read } from './source-graph.ts';

describe('The options of Node', () => {
  const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;

  it.each(['router', 'agent'] as const)(
    'the options of Node are the same in the image and the npm script of the %s',
    (service) => {
      const options = nodeOptions[service].join(' ');
      expect(scripts[service]).toBe(`node ${options} services/${service}/src/main.ts`);
      expect(read(`services/${service}/bin/parley-${service}`)).toContain(
        `\nexec node ${options} /app/${service}.mjs "$@"\n`,
      );
    },
  );

  // An agent that set --optimize-for-size by itself hung at one exit in ten.
  it('the options of Node are never changed by a running program', () => {
    const sources = find('{packages,services,apps}/*/src/**/*.ts');
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.filter((file) => code(file).includes('setFlagsFromString'))).toEqual([]);
  });
});
