import { describe, expect, it } from 'vitest';
import { endingText } from '../src/terminal/ending-text.ts';

describe('endingText()', () => {
  it('endingText() says why a conversation ended, and who never answered', () => {
    expect(endingText({ reason: 'max-turns', detail: '4', unanswered: ['cy', 'dora'] })).toBe(
      'max-turns (all the turns it was allowed are taken: 4); never answered: cy, dora',
    );
    expect(endingText({ reason: 'agreed' })).toBe('agreed (it is done)');
  });
});
