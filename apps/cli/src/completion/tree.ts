import type { CommandUnknownOpts } from '@commander-js/extra-typings';

/** An option as a shell completes it. */
export interface OptionNode {
  /** `--format`, and its short form where there is one. */
  readonly flags: readonly string[];
  readonly about: string;
  readonly takesValue: boolean;
  /** The values that it can have; empty where they are not known. */
  readonly choices: readonly string[];
}

/** A command, its options and the commands in it. */
export interface CommandNode {
  readonly name: string;
  readonly about: string;
  readonly options: readonly OptionNode[];
  readonly commands: readonly CommandNode[];
}

const optionsOf = (command: CommandUnknownOpts): OptionNode[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
      about: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    }));

/** What is completed, of the whole command line or of one command: the tree that is also parsed. */
export const programTree = (command: CommandUnknownOpts): CommandNode => ({
  name: command.name(),
  about: command.summary(),
  options: optionsOf(command),
  commands: command
    .createHelp()
    .visibleCommands(command)
    .filter((inner) => inner.name() !== 'help')
    .map(programTree),
});
