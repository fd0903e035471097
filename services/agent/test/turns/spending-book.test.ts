import { describe, expect, it } from 'vitest';
import { Spending } from '../../src/turns/spending.ts';

const usage = (tokens: number, estimated = false) => ({
  inputTokens: tokens,
  outputTokens: 2 * tokens,
  model: `m${tokens}`,
  ...(estimated && { estimated: true as const }),
});
const place = (turn: number, conversation = 'c1') => ({ conversation, turn });

describe('usage that the router has not counted', () => {
  it('the usage of several calls is added up, with the model of the last one', () => {
    const spending = new Spending();
    spending.add('c1', usage(1));
    spending.add('c1', usage(3));
    spending.add('c2', usage(9));
    expect(spending.report(place(1))).toEqual({ usage: { inputTokens: 4, outputTokens: 8, model: 'm3' } });
    expect(spending.report(place(1))).toEqual({});
    expect(spending.report(place(1, 'c2'))).toEqual({ usage: usage(9) });
    expect(spending.report(place(1, 'c3'))).toEqual({});
  });

  it.each([
    [true, false],
    [false, true],
    [true, true],
  ])('a sum with an estimated part is estimated: %s, %s', (first, second) => {
    const spending = new Spending();
    spending.add('c1', usage(1, first));
    spending.add('c1', usage(2, second));
    expect(spending.report(place(1)).usage?.estimated).toBe(true);
  });

  it('a sum without an estimated part is not estimated', () => {
    const spending = new Spending();
    for (const tokens of [1, 2]) spending.add('c1', usage(tokens));
    expect(spending.report(place(1)).usage).not.toHaveProperty('estimated');
  });

  it('a refused answer gives its usage to the next one, once; the refusal of another turn does not', () => {
    const spending = new Spending();
    spending.add('c1', usage(5));
    spending.report(place(1));
    spending.notCounted(place(2));
    expect(spending.report(place(2))).toEqual({});
    spending.notCounted(place(1));
    spending.notCounted(place(1));
    expect(spending.report(place(2)).usage?.inputTokens).toBe(5);
  });

  it('an accepted answer is counted, so that its usage is never told again; that of another turn still is', () => {
    const spending = new Spending();
    spending.add('c1', usage(5));
    spending.report(place(2));
    spending.counted(place(1));
    spending.notCounted(place(2));
    expect(spending.report(place(3)).usage?.inputTokens).toBe(5);
    spending.counted(place(3));
    spending.notCounted(place(3));
    spending.reconnected(() => false);
    expect(spending.report(place(4))).toEqual({});
  });

  it('after a reconnect the usage of answers that are not sent again is told with the next one', () => {
    const spending = new Spending();
    for (const id of ['c1', 'c2']) {
      spending.add(id, usage(5));
      spending.report(place(7, id));
    }
    spending.reconnected(({ conversation, turn }) => conversation === 'c1' && turn === 7);
    expect(spending.report(place(8))).toEqual({});
    expect(spending.report(place(8, 'c2')).usage?.inputTokens).toBe(5);
  });

  it('nothing is told of a conversation that has ended', () => {
    const spending = new Spending();
    spending.add('c1', usage(5));
    spending.report(place(1));
    spending.add('c1', usage(6));
    spending.forget('c1');
    spending.notCounted(place(1));
    expect(spending.report(place(2))).toEqual({});
  });
});
