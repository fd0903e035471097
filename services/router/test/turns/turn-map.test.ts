import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TurnMap } from '../../src/turns/grants/turn-map.ts';

interface Value {
  readonly turn: number;
  readonly name: number;
}

describe('a map by conversation and turn', () => {
  it('a map by turn holds after any sets and deletes what a map of maps holds', () => {
    const place = { conversation: fc.constantFrom('a', 'b'), turn: fc.integer({ min: 1, max: 3 }) };
    const act = fc.record({ ...place, isSet: fc.boolean(), name: fc.nat() });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const map = new TurnMap<Value>();
        const model = new Map<string, Value>();
        for (const { conversation, turn, isSet, name } of acts) {
          if (isSet) {
            map.set(conversation, { turn, name });
            model.set(`${conversation} ${turn}`, { turn, name });
          } else {
            map.delete(conversation, turn);
            model.delete(`${conversation} ${turn}`);
          }
          for (const id of ['a', 'b']) {
            const here = [...model].filter(([key]) => key.startsWith(id)).map(([, value]) => value);
            expect(map.countOf(id)).toBe(here.length);
            expect(new Set(map.of(id))).toEqual(new Set(here));
            for (const number of [1, 2, 3]) expect(map.get(id, number)).toEqual(model.get(`${id} ${number}`));
          }
          expect(new Set(map)).toEqual(new Set(model.values()));
        }
      }),
    );
  });

  it('values may be deleted from a map by turn while those of a conversation are read', () => {
    const map = new TurnMap<Value>();
    for (const turn of [1, 2]) map.set('a', { turn, name: turn });
    for (const { turn } of map.of('a')) map.delete('a', turn);
    expect([...map]).toEqual([]);
    expect(map.countOf('a')).toBe(0);
  });
});
