import { loadSettings, makeLogger } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { natsSettings } from '../../src/ledger/nats-settings.ts';
import { ledgerFile, openLedger } from '../../src/ledger/open-ledger.ts';

const config = loadSettings(natsSettings, {}, { prefixes: [] });
const open = (ledger: string) => openLedger({ ...config, ledger }, makeLogger('test', 'silent'));

describe('ROUTER_LEDGER', () => {
  it('with a password in it is refused, without showing it, because the value is logged', async () => {
    const refused = await open('nats://router:hidden-word@127.0.0.1:4222').catch(
      (error: Error) => error.message,
    );
    expect(refused).toMatch(/set ROUTER_NATS_USER and ROUTER_NATS_PASSWORD/);
    expect(refused).not.toMatch(/hidden-word/);
  });

  it('with something else than servers of NATS is refused', async () => {
    await expect(open('nats://127.0.0.1:4222,ledger.sqlite')).rejects.toThrow(
      /expected servers such as nats:/,
    );
    await expect(open('nats://')).rejects.toThrow(/expected servers such as nats:/);
  });

  it('names the file that fills the disk: the ledger itself, or the copy of the stream', () => {
    const { natsProjection } = config;
    expect(ledgerFile({ ledger: 'memory', natsProjection })).toBeUndefined();
    expect(ledgerFile({ ledger: '/data/a.sqlite', natsProjection })).toBe('/data/a.sqlite');
    expect(ledgerFile({ ledger: 'tls://a:4222', natsProjection })).toBe(natsProjection);
  });
});
