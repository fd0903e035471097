import { withoutControls } from './plain-text.ts';

/** Characters that are invisible to people but not to a model: Unicode tags and zero-width spaces. */
const unseen = /[\u{e0000}-\u{e007f}\u200b\u2060]/gu;
/** `<|im_end|>`, `<｜User｜>`: tokens of chat templates. */
const templateToken = /<(?=[|｜])/g;
/** Tokens of other templates: `<s>`, `<start_of_turn>`, `[INST]`, `<<SYS>>`, and tags that name a role. */
const templateTag =
  /[<[](?=\/?(?:s|INST|start_of_turn|end_of_turn|start_header_id|end_header_id|eot_id|<\/?SYS>|system|developer|assistant|user|human|instructions?)[>\]])/gi;
/** `System:`, `### Instruction:` at the start of a line. */
const roleHeader =
  /^([^\S\n]*(?:[>#*]+[^\S\n]*)?)(system|developer|assistant|user|human|instructions?)([^\S\n]*)[:：]/gim;
/** The beginning of a line, where the prompt has its own remarks and the names of speakers. */
const bracketed = /^([^\S\n]*)\(([^()\n]*)\)/gm;
const openBracket = /^([^\S\n]*)\(/gm;
const tagged = /^([^\S\n]*)\[([^[\]\n]*)\]/gm;

/** Some servers interpret template tokens such as <|im_end|> at any place. */
export const withoutTemplateTokens = (text: string): string => text.replace(templateToken, '< ');

/**
 * A message of another member as data. It reads the same, but a model cannot mistake it for a remark of the prompt, for another
 * speaker, for a system message or for a part of its chat template.
 */
export const neutralised = (text: string): string =>
  withoutTemplateTokens(withoutControls(text).replace(unseen, ''))
    .replace(templateTag, (bracket) => `${bracket} `)
    .replace(bracketed, '$1*$2*')
    .replace(openBracket, '$1- (')
    .replace(tagged, '$1“$2”')
    .replace(roleHeader, '$1$2$3 -');
