import { describe, expect, it } from 'vitest';
import { InterleavedTranscript } from '../src/terminal/interleaved-transcript.ts';
import { ended, opened, said } from './entries.ts';
import { FakeScreen } from './screens.ts';

const lines = (screen: FakeScreen): string[] =>
  screen.text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');

describe('several conversations in one stream of lines', () => {
  it('a heading names members and topic first, and the topic whenever the conversation goes on after another one', () => {
    const screen = new FakeScreen({ live: false });
    const shown = new InterleavedTranscript(screen);
    shown.entry('one', opened({ topic: 'tea' }));
    shown.entry('one', said(2, 'alice', 'First.'));
    shown.entry('two', opened({ members: ['cat', 'dan'] }));
    shown.entry('two', said(2, 'cat', 'Second.'));
    shown.entry('one', said(3, 'bob', 'Third.'));
    shown.entry('one', said(3, 'bob', 'Third.'));
    shown.entry('two', said(3, 'dan', 'Fourth.'));
    shown.entry('two', ended(4));
    expect(lines(screen)).toEqual([
      'alice, bob on: tea one',
      'alice: First.',
      'cat, dan two',
      'cat: Second.',
      'tea one',
      'bob: Third.',
      'cat, dan two',
      'dan: Fourth.',
      expect.stringMatching(/^Ended: max-turns/),
      expect.stringMatching(/^2 turns/),
    ]);
  });
});
