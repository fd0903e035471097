import { nameFault, normalName } from '@parley/protocol';
import { UsageError } from '../arguments.ts';

/** Two characters that make a conversation of any topic. A third member gets the first one again. */
const personas = [
  'You are curious and quick. You give a concrete example and ask one question back. At most three sentences.',
  'You are dry and sceptical, yet fair. You doubt one thing that was said and offer something better. At most three sentences.',
];

export const defaultTopic = 'whether a ship is still the same ship when every plank of it has been replaced';

export interface DemoMember {
  readonly name: string;
  readonly target: string;
  readonly persona: string;
}

/** A scenario with members in a ring, in which each addresses the next. `names`: separated by commas. */
export const castOf = (names: string): DemoMember[] => {
  const all = names.split(',').map((name) => normalName(name.trim()));
  const wrong = all.find((name) => nameFault(name) !== undefined);
  if (wrong !== undefined) {
    throw new UsageError(`--names: ${JSON.stringify(wrong)}: ${nameFault(wrong)}`);
  }
  if (all.length < 2 || new Set(all).size < all.length) {
    throw new UsageError('--names: expected two or more different names with commas between');
  }
  return all.map((name, place) => ({
    name,
    target: all[(place + 1) % all.length] as string,
    persona: personas[place % personas.length] as string,
  }));
};
