import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../src/turns/circuit-breaker.ts';

const rule = { failures: 3, pauseMs: 100, maxPauseMs: 500 };
const failing = (times: number, now = 0): CircuitBreaker => {
  const breaker = new CircuitBreaker(rule);
  for (let i = 0; i < times; i++) breaker.failed(now);
  return breaker;
};

describe('a circuit breaker', () => {
  it('a circuit breaker is closed until the limit of failed turns in a row is reached', () => {
    expect(failing(2).allows(0, 5)).toBe(true);
    expect(failing(3).allows(0, 0)).toBe(false);
    expect(failing(3).isOpen).toBe(true);
  });

  it('a circuit breaker lets one turn through as a trial after the pause', () => {
    const breaker = failing(3);
    expect(breaker.allows(99, 0)).toBe(false);
    expect(breaker.allows(100, 0)).toBe(true);
    expect(breaker.allows(100, 1)).toBe(false);
  });

  it('a circuit breaker pauses twice as long after each trial that fails, up to a limit', () => {
    const breaker = failing(3);
    let now = 100;
    for (const pause of [200, 400, 500, 500]) {
      breaker.failed(now);
      expect(breaker.allows(now + pause - 1, 0)).toBe(false);
      expect(breaker.allows(now + pause, 0)).toBe(true);
      now += pause;
    }
  });

  it('a circuit breaker is not opened for longer by turns that were running when it opened', () => {
    const breaker = failing(20);
    expect(breaker.allows(100, 0)).toBe(true);
  });
});
