import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PromptView } from '@parley/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { answerOf, parley } from '../harness/command-line.ts';
import { temporaryFolder } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';

afterEach(killAll);

const scenario = `title: Two sentences
topic: the sea
cast:
  ann:
    persona: You are Ann, who fishes.
  bob:
    persona: You are Bob, who sails.
limits:
  turns: 2
`;

describe('parley prompt', () => {
  it('parley prompt shows what the agent of a parley run sent to its model before an entry, as text and as JSON', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'two.yaml');
    writeFileSync(file, scenario);
    const run = parley(['run', file, '--keep', '--port', '0'], { PARLEY_RUNS: join(folder, 'runs') });
    await run.when('the end', ({ stdout }) => stdout.includes('Everything stays up') || undefined, 60_000);
    const [, id = '', url = ''] = /(\S+) · watch it at (\S+)/.exec(run.stdout) ?? [];
    const view = JSON.parse(await answerOf('prompt', id, '2', '--json', '--url', url)) as PromptView;
    expect(view).toMatchObject({ conversation: id, seq: 2, from: 'ann', turn: 1 });
    const contents = view.calls.flatMap(({ messages }) => messages.map(({ content }) => content));
    expect(contents.join('\n')).toContain('Ann, who fishes');
    const text = await answerOf('prompt', id, '2', '--url', url);
    expect(text).toContain('What ann sent to its model for turn 1');
    for (const line of contents.join('\n').split('\n')) expect(text).toContain(line.trimEnd());
    await expect(answerOf('prompt', id, '1', '--url', url)).rejects.toThrow('answers no turn');
    expect(await run.kill('SIGINT')).toMatchObject({ signal: null });
  });
});
