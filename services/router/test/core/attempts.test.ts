import { permanentFailures } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { Talk } from './talk.ts';

describe('turns that lapse', () => {
  it.each(permanentFailures)('are tried once when no other attempt can help: %s', (cause) => {
    const talk = new Talk();
    talk.do({ type: 'lapse', turn: 1, cause, detail: 'as the server says' });
    expect(talk.last).toMatchObject({
      type: 'ended',
      reason: 'failed',
      detail: `ann: ${cause}, as the server says`,
    });
  });

  it('use up no attempt while the model of the member is being loaded', () => {
    const talk = new Talk();
    for (let i = 0; i < 50; i++) talk.do({ type: 'lapse', turn: 1, cause: 'model-loading' });
    expect(talk.state).toMatchObject({ status: { state: 'running' }, floor: [{ number: 1, attempts: 50 }] });
    expect(talk.state?.floor[0]?.notBefore).toBe(talk.now + 5_000);
    for (const cause of ['gone', 'deadline'] as const) talk.do({ type: 'lapse', turn: 1, cause });
    expect(talk.last).toMatchObject({ type: 'lapsed' });
    talk.do({ type: 'lapse', turn: 1, cause: 'deadline' });
    expect(talk.last).toMatchObject({ type: 'ended', reason: 'failed' });
  });

  it('are granted again no sooner than the model server wants', () => {
    const talk = new Talk();
    talk.do({ type: 'pass', from: 'ann', turn: 1, attempt: 1, reason: 'rate-limited', retryAfterMs: 90_000 });
    expect(talk.last).toMatchObject({ type: 'lapsed', retryAfterMs: 90_000 });
    expect(talk.state?.floor[0]?.notBefore).toBe(talk.now + 90_000);
  });
});
