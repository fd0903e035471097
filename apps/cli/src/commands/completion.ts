import { type CommandMaker, commandNamed } from '../command.ts';
import { completionScript, shells } from '../completion/scripts.ts';
import { programTree } from '../completion/tree.ts';

export const completion: CommandMaker = (host) =>
  commandNamed(
    'completion',
    'write what a shell needs to complete the command line',
    'Writes a script for a shell. It completes commands, options and the values that an option can have. Ids of conversations, names of members and agents, kept runs and contexts are looked up when they are asked for, at the router that the command line names.',
  )
    .argument('<SHELL>', shells.join(', '))
    .addHelpText(
      'after',
      `
bash  eval "$(parley completion bash)"             in ~/.bashrc
zsh   eval "$(parley completion zsh)"              in ~/.zshrc
fish  parley completion fish | source              in ~/.config/fish/config.fish`,
    )
    .action((shell, _options, command) => {
      // The root of the tree in which this command stands.
      const { parent } = command;
      if (!parent) throw new Error('the command has no program around it');
      host.out.write(completionScript(shell, programTree(parent)));
    });
