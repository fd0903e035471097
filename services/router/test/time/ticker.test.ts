import { describe, expect, it } from 'vitest';
import { Ticker } from '../../src/time/ticker.ts';

/** A ticker whose timer the test runs. */
const ticking = () => {
  const state = { running: 0, ticks: 0, fails: false };
  const timers: { act: () => void; ms: number }[] = [];
  const ticker = new Ticker({
    tick: () => {
      state.ticks++;
      if (state.fails) throw new Error('a fault of one tick');
    },
    isIdle: () => state.running === 0,
    later: (act, ms) => {
      const timer = { act, ms };
      timers.push(timer);
      return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
    },
  });
  const pass = () => timers.shift()?.act();
  return { state, ticker, pass, waits: () => timers.map(({ ms }) => ms) };
};

describe('The ticker of a router', () => {
  it('the ticker runs ten times a second while a conversation runs, and once a second otherwise', () => {
    const { state, ticker, pass, waits } = ticking();
    expect(waits()).toEqual([1_000]);
    state.running = 1;
    ticker.wake();
    expect(waits()).toEqual([100]);
    pass();
    expect(waits()).toEqual([100]);
    state.running = 0;
    pass();
    expect(waits()).toEqual([1_000]);
    expect(state.ticks).toBe(2);
  });

  it('the ticker keeps its only timer when it is woken by an entry that begins no conversation, or while it is busy', () => {
    const { state, ticker, waits } = ticking();
    ticker.wake();
    expect(waits()).toEqual([1_000]);
    state.running = 1;
    ticker.wake();
    ticker.wake();
    expect(waits()).toEqual([100]);
  });

  it('the ticker continues after a tick that throws, and not after it was stopped', () => {
    const { state, ticker, pass, waits } = ticking();
    state.fails = true;
    expect(pass).toThrow('a fault of one tick');
    expect(waits()).toEqual([1_000]);
    ticker.stop();
    ticker.wake();
    expect(waits()).toEqual([]);
  });
});
