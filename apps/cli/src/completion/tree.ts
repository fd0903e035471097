import type { CommandUnknownOpts } from '@commander-js/extra-typings';

/** What a router or this machine knows and a user would have to look up. */
export type Looked = 'conversations' | 'members' | 'agents' | 'runs' | 'contexts';

/** An option as a shell completes it. */
export interface OptionNode {
  /** `--format`, and its short form where there is one. */
  readonly flags: readonly string[];
  readonly about: string;
  readonly takesValue: boolean;
  /** The values that it can have; empty where they are not known. */
  readonly choices: readonly string[];
  /** Where its values are looked up. */
  readonly looked?: Looked;
}

/** An argument of a command. */
export interface ArgumentNode {
  readonly variadic: boolean;
  readonly looked?: Looked;
}

/** A command, its options and arguments, and the commands in it. */
export interface CommandNode {
  readonly name: string;
  readonly about: string;
  readonly options: readonly OptionNode[];
  readonly arguments: readonly ArgumentNode[];
  readonly commands: readonly CommandNode[];
}

const optionsOf = (command: CommandUnknownOpts): OptionNode[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .map((option): OptionNode => {
      const looked = option.flags.includes('<RUN>')
        ? 'runs'
        : option.long === '--context'
          ? 'contexts'
          : undefined;
      return {
        flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
        about: option.description,
        takesValue: option.required || option.optional,
        choices: option.argChoices ?? [],
        ...(looked && { looked }),
      };
    });

/** Arguments have one name for one meaning. A NAME behind an ID is that of a member, or of an agent that becomes one. */
const lookedOf = (command: CommandUnknownOpts, argument: string, before: readonly string[]) => {
  if (/^(IDS?|OTHER|WHAT)$/.test(argument)) return 'conversations';
  if (argument !== 'NAME') return undefined;
  if (before.includes('ID')) return command.name() === 'invite' ? 'agents' : 'members';
  return command.parent?.name() === 'context' && command.name() !== 'add' ? 'contexts' : undefined;
};

const argumentsOf = (command: CommandUnknownOpts): ArgumentNode[] => {
  const names = command.registeredArguments.map((argument) => argument.name());
  return command.registeredArguments.map(({ variadic }, place) => {
    const looked = lookedOf(command, names[place] ?? '', names.slice(0, place));
    return { variadic, ...(looked && { looked }) };
  });
};

/** What is completed, of the whole command line or of one command: the tree that is also parsed. */
export const programTree = (command: CommandUnknownOpts): CommandNode => ({
  name: command.name(),
  about: command.summary(),
  options: optionsOf(command),
  arguments: argumentsOf(command),
  commands: command
    .createHelp()
    .visibleCommands(command)
    .filter((inner) => inner.name() !== 'help')
    .map(programTree),
});
