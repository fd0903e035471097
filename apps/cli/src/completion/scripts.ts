import { UsageError } from '../arguments.ts';
import type { CommandNode, OptionNode } from './tree.ts';

/** Each command with the names that lead to it: `context add`. */
const flattened = (node: CommandNode, path: readonly string[] = []): [path: string, node: CommandNode][] => [
  [path.join(' '), node],
  ...node.commands.flatMap((inner) => flattened(inner, [...path, inner.name])),
];

const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const flagsOf = (options: readonly OptionNode[]): string[] => options.flatMap(({ flags }) => [...flags]);

const isLooked = ({ arguments: all }: CommandNode): boolean => all.some(({ looked }) => looked !== undefined);

/** What may follow a command, as one case of bash. */
const bashCase = ([path, command]: [string, CommandNode]): string => {
  const words = [...command.commands.map(({ name }) => name), ...flagsOf(command.options)];
  // Behind a command without commands in it come names of files, unless an option is begun.
  const offered = command.commands.length > 0 ? ' value=1;' : isLooked(command) ? ' looked=1;' : '';
  return `    ${single(path)}) words=${single(words.join(' '))};${offered} ;;`;
};

/** The values that may follow each of its options. */
const bashValues = ([path, { options }]: [string, CommandNode]): string[] =>
  options
    .filter(({ takesValue }) => takesValue)
    .map(
      ({ flags, choices, looked }) =>
        `    ${flags.map((flag) => single(`${path} ${flag}`)).join('|')}) words=${single(choices.join(' '))}; value=1;${looked ? ' looked=1;' : ''} ;;`,
    );

const bash = (program: CommandNode): string => {
  const all = flattened(program);
  return `# bash completion of parley
_parley() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path= word words= value= looked=
  local -i place
  for ((place = 1; place < COMP_CWORD; place++)); do
    word="\${COMP_WORDS[place]}"
    case "$path\${path:+ }$word" in
      ${all
        .slice(1)
        .map(([path]) => single(path))
        .join('|')}) path="$path\${path:+ }$word" ;;
    esac
  done
  case "$path $previous" in
${all.flatMap(bashValues).join('\n')}
  esac
  if [[ -z $value ]]; then
    case "$path" in
${all.map(bashCase).join('\n')}
    esac
  fi
  COMPREPLY=()
  if [[ -n $looked && $current != -* ]]; then
    while IFS=$'\\t' read -r word _; do
      [[ $word == "$current"* ]] && COMPREPLY+=("$word")
    done < <(parley __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
  elif [[ -n $words ]] && [[ -n $value || $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
}
complete -o default -F _parley parley
`;
};

/** zsh reads a description up to a bracket or a colon. */
const zshText = (text: string): string => text.replaceAll(/[[\]:]/g, '\\$&');

/** Looks up what may come next. `_arguments` leaves only the words of the inner command, so the path to it is given. */
const zshLooked = (path: string): string => `{_parley_looked ${path}}`;

const zshOption = ({ flags, about, takesValue, choices, looked }: OptionNode, path: string): string[] =>
  flags.map((flag) => {
    const values = choices.length > 0 ? `(${choices.join(' ')})` : looked ? zshLooked(path) : '_files';
    return single(`${flag}[${zshText(about)}]${takesValue ? `:value:${values}` : ''}`);
  });

const zshFunction = (path: string): string =>
  `_parley${path === '' ? '' : `_${path.replaceAll(/\W/g, '_')}`}`;

const zshCommand = ([path, command]: [string, CommandNode]): string => {
  const { options, commands } = command;
  const specs = options.flatMap((option) => zshOption(option, path));
  if (commands.length === 0) {
    const rest = isLooked(command) ? `'*:value:${zshLooked(path)}'` : "'*:file:_files'";
    return `${zshFunction(path)}() {\n  _arguments -s ${[...specs, rest].join(' \\\n    ')}\n}`;
  }
  const known = commands.map(({ name, about }) => single(`${name}:${zshText(about)}`));
  const cases = commands.map(({ name }) => `    ${name}) ${zshFunction(`${path} ${name}`.trim())} ;;`);
  return `${zshFunction(path)}() {
  local line state
  local -a commands=(${known.join(' ')})
  _arguments -C ${[...specs, "'1:command:->command'", "'*::argument:->argument'"].join(' \\\n    ')}
  case $state in
    command) _describe command commands ;;
    argument) case $line[1] in
${cases.join('\n')}
    esac ;;
  esac
}`;
};

const zsh = (program: CommandNode): string =>
  `#compdef parley
_parley_looked() {
  local -a found=("\${(@f)$(parley __complete -- "$@" "\${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
  found=("\${(@)\${(@)found//:/\\\\:}//$'\\t'/:}")
  _describe value found
}
${flattened(program).map(zshCommand).join('\n')}
compdef _parley parley
`;

const fishLine = (condition: string, rest: string): string =>
  `complete -c parley -n ${single(condition)} ${rest}`;

const fishLooked = single('(parley __complete -- (commandline -opc)[2..])');

const fishCommand = ([path, command]: [string, CommandNode]): string[] => {
  const { options, commands } = command;
  const condition = `__parley_at ${single(path)}`;
  return [
    ...commands.map(({ name, about }) => fishLine(condition, `-f -a ${name} -d ${single(about)}`)),
    ...(isLooked(command) ? [fishLine(condition, `-f -a ${fishLooked}`)] : []),
    ...options.map(({ flags, about, takesValue, choices, looked }) => {
      const names = flags.map((flag) =>
        flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
      );
      const known = choices.length > 0 ? single(choices.join(' ')) : looked && fishLooked;
      const value = takesValue ? (known ? ` -x -a ${known}` : ' -r') : '';
      return fishLine(condition, `${names.join(' ')}${value} -d ${single(about)}`);
    }),
  ];
};

const fish = (program: CommandNode): string => {
  const all = flattened(program);
  const known = all.slice(1).map(([path]) => single(path));
  return `# fish completion of parley
function __parley_at
  set -l path
  for word in (commandline -opc)[2..]
    set -l longer (string trim -- "$path $word")
    contains -- $longer ${known.join(' ')}; and set path $longer
  end
  test "$path" = "$argv[1]"
end
${all.flatMap(fishCommand).join('\n')}
`;
};

const makers = { bash, zsh, fish } as const;
export const shells = Object.keys(makers);

/** The script that completes `parley` in a shell. */
export const completionScript = (shell: string, program: CommandNode): string => {
  if (!Object.hasOwn(makers, shell))
    throw new UsageError(`expected one of ${shells.join(', ')}, got ${shell}`);
  return makers[shell as keyof typeof makers](program);
};
