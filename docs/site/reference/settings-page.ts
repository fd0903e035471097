import type { SettingSection } from '../../../deploy/env-example.ts';
import { table } from './schema-text.ts';

/** Every setting with its meaning and its default: the table from which .env.example is made. */
export const settingsPage = (sections: readonly SettingSection[]): string =>
  [
    '# Settings',
    '',
    'Every setting is a variable of the environment, or a line of `.env` in the folder where a program starts; the environment takes precedence. A setting that is misspelt or out of range is an error at the start, and all problems are listed at once. Made from the tables that the programs read.',
    '',
    ...sections.flatMap(({ title, lines }) => [
      `## ${title}`,
      '',
      table(
        ['variable', 'default or example', 'meaning'],
        lines.map(({ variable, shown, help, secret }) => [
          `\`${variable}\``,
          shown === '' ? '' : `\`${shown.replaceAll('`', "'")}\``,
          `${help}${secret ? ` (or \`${variable}_FILE\`: a file that holds it)` : ''}`,
        ]),
      ),
    ]),
  ].join('\n');
