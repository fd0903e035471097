import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { limits } from '../core/talk.ts';
import { opened } from '../ledger/ledger-entries.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-recovery-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const child = new URL('recovery-child.ts', import.meta.url).pathname;
const count = 60;
const heapMb = 40;

it('a router starts again with less memory than the newest messages of its conversations take', {
  timeout: 60_000,
}, async () => {
  const path = join(folder, 'ledger.sqlite');
  const ledger = openSqliteLedger(path);
  const text = '茶'.repeat(32_000);
  const messages = Array.from({ length: 12 }, (_, index) => ({
    ...{ type: 'said', seq: index + 2, at: 1_000 + index, from: 'alice', target: 'bob' },
    ...{ text: `${index}${text}`.slice(0, 32_000), likeness: 0, floor: ['bob'] },
  })) as Parameters<typeof ledger.append>[0][number]['entries'];
  const first = { ...opened(), limits: limits({ maxRepetition: 1 }) };
  for (let i = 0; i < count; i++)
    await ledger.append([{ conversation: `c${i}`, expectedSeq: 0, entries: [first, ...messages] }]);
  ledger.close();
  // Two bytes a character.
  expect(count * messages.length * 64_000).toBeGreaterThan(heapMb * 1024 ** 2);
  const node = [`--max-old-space-size=${heapMb}`, child, path];
  expect(execFileSync(process.execPath, node, { encoding: 'utf8' })).toBe(`${count}\n`);
});
