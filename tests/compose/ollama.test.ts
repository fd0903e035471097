import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment, docker } from './deployment.ts';

const image = 'parley-test-ollama';
const turns = 6;
let folder: string;
let deployment: Deployment;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-ollama-'));
  docker('build', '--quiet', '-t', image, join(import.meta.dirname, 'ollama'));
  const [envFile, overlay] = [join(folder, 'env'), join(folder, 'overlay.json')];
  // The lines of README.md for a server in a container.
  writeFileSync(
    envFile,
    `OPENAI_BASE_URL=http://ollama:11434/v1\nOPENAI_MODEL=llama3.2:1b\nAGENT_MAX_TURNS=${turns}\n`,
  );
  const agent = { env_file: [envFile] };
  const services = { ollama: { image }, 'ollama-pull': { image }, alice: agent, bob: agent };
  writeFileSync(overlay, JSON.stringify({ services }));
  deployment = await Deployment.create('parley-test-ollama', { overlay, envFile });
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  docker('image', 'rm', '--force', image);
  rmSync(folder, { recursive: true, force: true });
});

test('`docker compose --profile ollama up` pulls the model first, and the agents speak with it', async () => {
  deployment.compose(['--profile', 'ollama', 'up', '--no-build', '--detach']);
  const { entries } = await deployment.conversation('its end', ({ status }) => status === 'ended');
  const said = entries.flatMap((entry) => (entry.type === 'said' ? [entry] : []));
  expect(said).toHaveLength(turns);
  for (const { text, usage } of said) {
    expect(text).toContain('of the stand-in');
    expect(usage).toMatchObject({ model: 'llama3.2:1b', inputTokens: 30, outputTokens: 20 });
  }
  expect(deployment.compose(['logs', 'ollama'])).not.toContain('asked before the pull');
  const [server = ''] = deployment.containers('ollama');
  expect(docker('inspect', '--format', '{{.State.Health.Status}} {{.HostConfig.Memory}}', server)).toBe(
    `healthy ${8 * 1024 ** 3}`,
  );
});
