import { describe, expect, it } from 'vitest';
import { endingText } from '../src/terminal/ending-text.ts';

describe('endingText()', () => {
  it('endingText() names the operator who ended it, where the router knows operators by name', () => {
    expect(endingText({ reason: 'operator', by: 'lena', detail: 'enough' })).toBe(
      'operator (lena ended it: enough)',
    );
    expect(endingText({ reason: 'operator', by: 'operator' })).toBe('operator (an operator ended it)');
    expect(endingText({ reason: 'max-turns', by: 'ann' })).toBe('max-turns (the limit of turns is reached)');
  });

  it('endingText() says why a conversation ended, and who never answered', () => {
    expect(endingText({ reason: 'max-turns', detail: '4', unanswered: ['cy', 'dora'] })).toBe(
      'max-turns (the limit of turns is reached: 4); never answered: cy, dora',
    );
    expect(endingText({ reason: 'agreed' })).toBe('agreed (the members agreed to end)');
  });
});
