import { type ControlBody, controlBodies } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import shipped from '../../../services/router/scenarios.json' with { type: 'json' };
import { bodyOf, emptyForm, firstOf, formOf, newMember, problemOf } from '../src/model/new-conversation.ts';

interface Shipped {
  readonly name: string;
  readonly opening: ControlBody<'open'>;
}
const scenarios = shipped.scenarios as unknown as readonly Shipped[];

describe('The form of a new conversation', () => {
  it.each(scenarios)('The form of the scenario $name opens the same conversation', ({ opening }) => {
    const body = bodyOf(formOf(opening));
    expect(controlBodies.open.fault(body, 'body')).toBeUndefined();
    const { limits, cast, ...rest } = body;
    const { limits: wantedLimits, cast: wantedCast, ...wanted } = opening;
    expect(limits).toEqual(wantedLimits);
    expect(rest).toEqual({
      ...wanted,
      policy: wanted.policy ?? 'addressed',
      ...(wanted.topic && { topic: wanted.topic.trim() }),
    });
    expect(cast?.map(({ persona, ...role }) => ({ ...role, persona: persona?.trim() }))).toEqual(
      wantedCast?.map(({ persona, ...role }) => ({ ...role, persona: persona?.trim() })),
    );
  });

  it('The form leaves out those who hear a member that was taken out', () => {
    const form = formOf({
      members: ['a', 'b', 'c'],
      hears: [
        { from: 'a', to: ['c'] },
        { from: 'a', to: ['b'] },
      ],
    });
    const without = { ...form, members: form.members.filter(({ name }) => name !== 'c') };
    expect(bodyOf(without)).toEqual({
      members: ['a', 'b'],
      policy: 'addressed',
      hears: [{ from: 'a', to: ['b'] }],
    });
  });

  it('The form says what is wrong before it is sent', () => {
    const members = ['a', 'b'].map(newMember);
    expect(problemOf({ ...emptyForm, members: members.slice(1) })).toContain('two members');
    expect(problemOf({ ...emptyForm, members, limits: { maxTurns: '-1' } })).toContain('Most turns');
    expect(problemOf({ ...emptyForm, members, limits: { maxTurns: ' ', maxCost: '0.5' } })).toBeUndefined();
    expect(
      bodyOf({ ...emptyForm, members, limits: { maxDurationMs: '1.5', maxCost: '0.5' } }).limits,
    ).toEqual({
      maxDurationMs: 90_000,
      maxCost: 0.5,
    });
  });

  it('The first member speaks first, or the moderator, or the one that a scenario names', () => {
    const members = ['a', 'b'].map(newMember);
    expect(firstOf({ ...emptyForm, members })).toBe('a');
    expect(firstOf({ ...emptyForm, members, policy: 'moderator', moderator: 'b' })).toBe('b');
    expect(firstOf({ ...emptyForm, members, first: 'b' })).toBe('b');
  });
});
