import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { shippedScenarios } from '../generate-scenarios.ts';

it('services/router/scenarios.json is what `npm run generate` makes of the folder scenarios', () => {
  const file = new URL('../../../services/router/scenarios.json', import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(shippedScenarios());
});
