import { type CommandMaker, commandNamed } from '../../command.ts';
import { chosenRouter } from '../../deployment/chosen-router.ts';
import { contextOption, idHelp, jsonOption, runOption, urlOption } from '../../options.ts';
import { differenceOf, sideBySide } from '../../terminal/side-by-side.ts';
import { jsonText } from '../../terminal/terminal.ts';

export const diff: CommandMaker = (host) =>
  commandNamed(
    'diff',
    'show two branches of a conversation side by side',
    'Shows two conversations beside each other. What both share is folded into one line. As wide as the terminal, or 120 columns in a pipe.',
  )
    .argument('<ID>', idHelp)
    .argument('<OTHER>', 'the other conversation')
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addOption(runOption)
    .action(async (one, other, { json, ...where }) => {
      await using router = await chosenRouter(where, host);
      const { api } = router;
      const [a, b] = await Promise.all([api.conversationId(one), api.conversationId(other)]);
      const [first, second] = await Promise.all([api.conversation(a), api.conversation(b)]);
      const left = { id: a, entries: first.entries };
      const right = { id: b, entries: second.entries };
      host.out.write(
        json ? `${jsonText(differenceOf(left, right), 2)}\n` : sideBySide(host.out, left, right),
      );
    });
