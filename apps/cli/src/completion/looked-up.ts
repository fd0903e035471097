import type { CommandNode, Looked, OptionNode } from './tree.ts';

/** What is to be looked up for the next word of a command line, and what the words before it say. */
export interface LookUp {
  readonly looked: Looked;
  /** The arguments before it. */
  readonly given: readonly string[];
  /** Options with a value, by their long names. */
  readonly options: ReadonlyMap<string, string>;
}

/** `words`: the command line without the name of the program and without the word that is being typed. */
export const lookUpFor = (program: CommandNode, words: readonly string[]): LookUp | undefined => {
  let command = program;
  let pending: OptionNode | undefined;
  const given: string[] = [];
  const options = new Map<string, string>();
  const keep = ({ flags }: OptionNode, value: string) => {
    const [name] = flags;
    if (name !== undefined) options.set(name, value);
  };
  for (const word of words) {
    if (pending) {
      keep(pending, word);
      pending = undefined;
    } else if (word.startsWith('-')) {
      const [flag = '', value] = word.split(/=(.*)/s);
      const option = command.options.find(({ flags, takesValue }) => takesValue && flags.includes(flag));
      if (option && value !== undefined) keep(option, value);
      else pending = option;
    } else {
      const inner = given.length === 0 ? command.commands.find(({ name }) => name === word) : undefined;
      if (inner) command = inner;
      else given.push(word);
    }
  }
  const last = command.arguments.at(-1);
  const next = pending ?? command.arguments[given.length] ?? (last?.variadic ? last : undefined);
  return next?.looked && { looked: next.looked, given, options };
};
