import { writeFileSync } from 'node:fs';
import { scenarioField } from './src/scenario/scenario.ts';

/** Writes docs/schema/scenario.json, with which editors check and complete YAML. */
export const scenarioSchema = `${JSON.stringify(
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A scenario: a conversation and who takes part in it',
    ...scenarioField.schema,
  },
  null,
  2,
)}\n`;

if (import.meta.main) {
  writeFileSync(new URL('../../docs/schema/scenario.json', import.meta.url), scenarioSchema);
}
