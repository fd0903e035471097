import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { policyNames } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { policies } from '../../src/policies/policies.ts';
import { systemPrompt } from '../../src/prompt/system-prompt.ts';
import { cued } from '../../src/prompt/view.ts';
import { readDirections } from '../../src/text/directions.ts';
import { contextOf } from '../turn-contexts.ts';

const src = join(import.meta.dirname, '../../src');
const filesOf = (pattern: string): string[] => globSync(pattern, { cwd: src }).sort();

/** `open` is the type of a frame as well, so that alone it names no policy. */
const quoted = policyNames.filter((name) => name !== 'open').map((name) => `['"\`]${name}['"\`]`);
const namesAPolicy = new RegExp(`${quoted.join('|')}|\\bpolicy\\s*[!=]==?|case\\s+['"]open['"]`);

describe('policies of the agent', () => {
  it('the agent has one file for each policy of the protocol', () => {
    const own = policyNames.map((name) => `policies/${name}.ts`);
    expect(filesOf('policies/*.ts')).toEqual([...own, 'policies/policies.ts', 'policies/policy.ts'].sort());
  });

  it('the agent names no policy outside of the folder policies', () => {
    const others = filesOf('**/*.ts').filter((path) => !path.startsWith('policies/'));
    expect(others.length).toBeGreaterThan(40);
    expect(others.filter((path) => namesAPolicy.test(readFileSync(join(src, path), 'utf8')))).toEqual([]);
  });

  it('the search for names of policies finds a name in code', () => {
    expect(namesAPolicy.test("if (policy === 'moderator')")).toBe(true);
    expect(namesAPolicy.test("context.policy !== 'open'")).toBe(true);
    expect(namesAPolicy.test("{ type: 'open' }")).toBe(false);
  });

  it.each(policyNames)(
    'the rules and the cue of policy %s stay the same while the members are the same',
    (policy) => {
      const moderator = policies[policy].moderatorOf({ by: 'alice' });
      const context = contextOf([['bob', 'Hi.']], { policy, moderator });
      const later = contextOf(
        [
          ['bob', 'Hi.'],
          ['alice', 'Yes.'],
          ['bob', 'No.'],
        ],
        { policy, moderator },
      );
      expect(systemPrompt(later)).toBe(systemPrompt(context));
    },
  );

  it('only the moderator is asked to name the next speaker, and that name is read only from its message', () => {
    const members = ['alice', 'bob', 'cy'];
    const context = contextOf([['bob', 'Hi.']], { policy: 'moderator', moderator: 'alice', members });
    const other = contextOf([['bob', 'Hi.']], { policy: 'moderator', moderator: 'bob', members });
    const end = (one: typeof context) => cued(one, 1_000).at(-1)!.content;
    expect(end(context)).toContain('says with @name who is next');
    expect(end(other)).not.toContain('@name');
    expect(readDirections('Well.\nNEXT: cy', context)).toEqual({ text: 'Well.', target: 'cy' });
    expect(readDirections('Well.\nNEXT: cy', other)).toEqual({ text: 'Well.\nNEXT: cy' });
  });
});
