import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { viewAfter } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNames } from '../src/exports/formats.ts';
import { parley } from './command-line.ts';
import { ended, opened, said } from './entries.ts';

const scenario = resolve(import.meta.dirname, '../../../scenarios/debate.yaml');
const entries = [opened(), said(2, 'alice', 'A'), ended(3)];
let folder: string;
let file: string;
let router: Server;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-unwritable-'));
  // Nothing can be written into a file, by root neither.
  file = join(folder, 'file');
  writeFileSync(file, '');
  const conversation = entries.reduce<ReturnType<typeof viewAfter>>(
    (known, entry) => viewAfter(known, 'c1', entry),
    undefined,
  );
  router = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ conversation, entries }));
  });
  await new Promise<void>((listening) => router.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(router.address() as AddressInfo).port}`;
});
afterAll(() => {
  router.closeAllConnections();
  router.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a place that cannot be written', () => {
  it.each(formatNames)('parley export says that its file cannot be written: %s', async (format) => {
    for (const out of [join(file, 'out'), folder, '/dev/full']) {
      const { code, err } = await parley(['export', 'c1', '--format', format, '--out', out, '--url', url]);
      expect({ code, err }, out).toEqual({
        code: 1,
        err: expect.stringContaining(`${out} cannot be written: E`),
      });
      expect(err).not.toContain('written to');
    }
  });

  it.each([['compose'], ['kubernetes']])(
    'parley %s says that its file cannot be written',
    async (command) => {
      const out = join(file, 'out');
      const { code, err } = await parley([command, scenario, '--out', out]);
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(`${out} cannot be written: E`) });
    },
  );

  it.each([
    ['export', 'c1', '--format', 'jsonl', '--url'],
    ['compose', scenario],
    ['kubernetes', scenario],
  ])('parley %s names a file of the folder in which npm was called', async (...args) => {
    const env = { INIT_CWD: folder, npm_package_json: join(process.cwd(), 'package.json') };
    const { code, err } = await parley(
      [...args, ...(args[0] === 'export' ? [url] : []), '--out', 'file/out'],
      env,
    );
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining(`${join(file, 'out')} cannot be written: E`),
    });
  });

  it.each([
    ['batch', '--out'],
    ['run', '--record'],
  ])('parley %s says that its folder cannot be written', async (command, option) => {
    const out = join(file, 'out');
    const { code, err } = await parley([command, scenario, option, out], { PARLEY_RUNS_KEEP: '0' });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(`${out} cannot be written: E`) });
  });
});
