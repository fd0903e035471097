import { readdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openingOf } from './src/scenario/opening.ts';
import { readScenario } from './src/scenario/read-scenario.ts';

const folder = fileURLToPath(new URL('../../scenarios', import.meta.url));

/** Writes services/router/scenarios.json: the shipped scenarios as the router tells them to the console. */
export const shippedScenarios = (): string => {
  const scenarios = readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => {
      const { scenario } = readScenario(`${folder}/${file}`);
      const name = basename(file, '.yaml');
      return {
        name,
        title: scenario.title ?? name,
        about: scenario.about ?? '',
        opening: openingOf(scenario),
      };
    });
  return `${JSON.stringify({ scenarios }, null, 2)}\n`;
};

if (import.meta.main)
  writeFileSync(new URL('../../services/router/scenarios.json', import.meta.url), shippedScenarios());
