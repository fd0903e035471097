import { describe, expect, it } from 'vitest';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { RouterBench } from '../router-harness.ts';

describe('while the ledger says that it cannot be written', () => {
  it('no turn is granted while the ledger cannot be written, and waiting turns are granted when it can be written again', async () => {
    let trouble: string | undefined;
    const bench = new RouterBench({ ledger: { ...openMemoryLedger(), trouble: () => trouble } });
    const ann = bench.connect('ann', { capacity: 2 });
    await bench.open('c1');
    await bench.open('c2');
    expect(bench.turns(ann).map(({ conversation }) => conversation)).toEqual(['c1', 'c2']);
    trouble = 'the connection to NATS is lost';
    const bob = bench.connect('bob');
    expect(await bench.answer(ann)).toMatchObject({ kind: 'refused', code: 'unavailable' });
    await bench.pass(1_000);
    const second = bench.connect('ann');
    await bench.drop(ann);
    await bench.pass(1_000);
    expect(bench.turns(second)).toEqual([]);
    trouble = undefined;
    await bench.pass(1_000);
    expect(bench.turns(second)).toHaveLength(1);
    expect(await bench.answer(second)).toMatchObject({ kind: 'done' });
    expect(bench.turns(bob)).toHaveLength(1);
  });
});
