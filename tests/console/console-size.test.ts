import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { repository } from '../harness/started-process.ts';

const folder = join(repository, 'apps/console/dist');
const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const);

describe('The built console', () => {
  it('the built console is at most 60 KiB, gzipped', () => {
    expect(files.map(([name]) => name).sort()).toEqual(['console.js', 'icon.svg', 'index.html', 'style.css']);
    const bytes = files.reduce((sum, [, body]) => sum + gzipSync(body, { level: 9 }).length, 0);
    expect(bytes).toBeLessThanOrEqual(60 * 1024);
  });
});
