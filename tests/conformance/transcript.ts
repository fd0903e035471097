import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Client } from './client.ts';
import type { World } from './world.ts';

const file = new URL('./plain.transcript', import.meta.url);

/**
 * Plays `plain.transcript`. Lines are `who > frame` (sent as it stands) and `who < frame` (must come, with exactly
 * these fields). A speaker is connected where it is first mentioned; `who x` closes its connection, and mentioning it again connects
 * it anew. `@alice` stands for a name of this run, `$c` for the id of a conversation, whatever it is the first time.
 */
export const playTranscript = async (world: World): Promise<void> => {
  const clients = new Map<string, Client>();
  const ids = new Map<string, string>();
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    const [, who, arrow, written = ''] = /^(\w+) ([<>x])(?: (.*))?$/.exec(line) ?? [];
    if (!who) continue;
    const client = clients.get(who) ?? (await world.connect({ dialect: 'plain' }));
    clients.set(who, client);
    const frame = written.replaceAll(/@(\w+)/g, (_, word: string) => world.name(word));
    if (arrow === '>') {
      client.send(frame);
    } else if (arrow === 'x') {
      await client.close();
      clients.delete(who);
    } else {
      const received = await client.next();
      const expected = JSON.parse(frame) as Record<string, string>;
      const id = expected.conversation;
      if (id !== undefined) {
        if (!ids.has(id)) ids.set(id, received.conversation as string);
        expected.conversation = ids.get(id) as string;
      }
      // What an error says is for people; that it says something is part of the frame.
      if (expected.message === '…') expected.message = received.message as string;
      assert.deepEqual(received, expected, `plain.transcript:${index + 1}`);
    }
  }
  assert.equal(new Set(ids.values()).size, ids.size, 'two conversations of the transcript have one id');
  for (const client of clients.values()) await client.quiet();
};
