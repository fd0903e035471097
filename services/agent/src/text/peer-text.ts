import { withoutControls } from './plain-text.ts';

/** Characters that no reader sees but a model reads: Unicode tags, and the spaces of no width. */
const unseen = /[\u{e0000}-\u{e007f}\u200b\u2060]/gu;
/** `<|im_end|>`, `<｜User｜>`: parts of chat templates. */
const templateToken = /<(?=[|｜])/g;
/** The templates of other models: `<s>`, `<start_of_turn>`, `[INST]`, `<<SYS>>`, and tags that name a role. */
const templateTag =
  /[<[](?=\/?(?:s|INST|start_of_turn|end_of_turn|start_header_id|end_header_id|eot_id|<\/?SYS>|system|developer|assistant|user|human|instructions?)[>\]])/gi;
/** `System:`, `### Instruction:` at the start of a line. */
const roleHeader =
  /^([^\S\n]*(?:[>#*]+[^\S\n]*)?)(system|developer|assistant|user|human|instructions?)([^\S\n]*)[:：]/gim;
/** Where the narrator's words and the names of speakers stand. */
const bracketed = /^([^\S\n]*)\(([^()\n]*)\)/gm;
const openBracket = /^([^\S\n]*)\(/gm;
const tagged = /^([^\S\n]*)\[([^[\]\n]*)\]/gm;

/** Template tokens such as <|im_end|> have a meaning to some servers wherever they stand. */
export const withoutTemplateTokens = (text: string): string => text.replace(templateToken, '< ');

/**
 * A message of another member, as data: it reads the same, but it cannot pass for the narrator, for another speaker, for
 * a system message or for a part of the model's own template.
 */
export const neutralised = (text: string): string =>
  withoutTemplateTokens(withoutControls(text).replace(unseen, ''))
    .replace(templateTag, (bracket) => `${bracket} `)
    .replace(bracketed, '$1*$2*')
    .replace(openBracket, '$1- (')
    .replace(tagged, '$1“$2”')
    .replace(roleHeader, '$1$2$3 -');
