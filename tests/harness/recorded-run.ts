import { join } from 'node:path';
import { expect } from 'vitest';
import { parley } from './command-line.ts';
import { FakeOpenAi } from './fake-openai.ts';
import { temporaryFolder } from './parley.ts';

/**
 * Records a scenario of four agents with a model server, which says what `script` says and is gone afterwards. Resolves
 * with the record's folder.
 */
export const recordedRun = async (
  scenario = 'scenarios/relay.yaml',
  script?: FakeOpenAi['script'],
): Promise<string> => {
  const folder = join(temporaryFolder(), 'record');
  const server = await FakeOpenAi.start();
  if (script) server.script = script;
  const env = { AGENT_MODEL_KIND: 'openai', OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: 'sk-test' };
  const run = parley(['run', scenario, '--turns', '10', '--port', '0', '--record', folder], env);
  expect(await run.exit(60_000), run.stderr + run.stdout).toEqual({ code: 0, signal: null });
  expect(server.requests.length).toBeGreaterThanOrEqual(9);
  await server.stop();
  return folder;
};
