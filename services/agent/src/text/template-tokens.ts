/**
 * Tokens of chat templates. A server that does not know the stop token of its model passes them on as text. After the first one,
 * the reply is an invented conversation.
 */
const token = [
  // ChatML, Llama 3, Qwen, GLM, Phi, Granite, Cohere, harmony and others have a name between bars.
  String.raw`<\|/?[a-zA-Z][a-zA-Z0-9_▁-]{0,38}\|>`,
  // DeepSeek.
  String.raw`<｜[^<>\n]{1,38}｜>`,
  // Gemma.
  String.raw`<(?:end_of_turn|start_of_turn|turn\||\|turn)>`,
  // Llama 2 and Mistral.
  String.raw`<\/?s>|\[\/?INST\]|<<\/?SYS>>|\[\/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]`,
  // EXAONE, GLM, Baichuan, Nemotron, Reka.
  String.raw`\[\|[a-z]{1,20}\|\]|\[gMASK\]|<(?:reserved_\d{1,4}|extra_id_\d{1,3}|_(?:user|bot|system|end))>`,
  // The names that a tokenizer gives its ends.
  '<(?:(?:eos|bos|EOS|BOS)(?:_token|_TOKEN)?|pad|PAD|EOT)>',
].join('|');

/** In back-quotes, a token is only a word. */
const quotedOrToken = new RegExp(`\`\`\`[\\s\\S]*?\`\`\`|\`[^\`\\n]+\`|(${token})`, 'g');
/** Tokens at the beginning of a reply, with the role that the template writes between them. */
const thoughts = String.raw`<\|(?:(?:START|END)_THINKING|(?:begin|end)_of_thought|(?:\/|end_)?(?:think|thinking|thought))\|>`;
const leading = new RegExp(
  `^\\s*(?!${thoughts})(?:${token})(?:\\s*(?:assistant|model|bot)\\b[^\\S\\n]*:?(?=\\s|${token}|$))?`,
);

/** A reply without the tokens at its beginning. */
export const withoutLeading = (text: string): string => {
  let rest = text;
  for (let found = leading.exec(rest); found; found = leading.exec(rest)) rest = rest.slice(found[0].length);
  return rest;
};

/** The beginning of a token at the end of a reply, where a limit of tokens ended it. */
const unfinishedToken = /<[|｜][\p{L}_▁]{2,38}[|｜]?$/u;

/** Names of tokens that are also words in texts about language models. They count only at the end of a reply. */
const wordAtEnd = /<(?:sep|SEP|eod|EOD)>$/;
const withoutWordsAtEnd = (text: string): string => {
  let rest = text;
  for (;;) {
    const trimmed = rest.trimEnd();
    const found = wordAtEnd.exec(trimmed.slice(-5));
    if (!found) return rest;
    rest = trimmed.slice(0, -found[0].length);
  }
};

/** Names of tokens that are also words. The other tokens end a reply also where the invented message begins in lower case. */
const wordToken = /^<(?:eos|bos|pad|EOT)/i;
/** Words with which hardly any message ends, so that the token after them belongs to the sentence. */
const beforeNoun =
  /(?:^|[^\p{L}])(?:[Tt]he|[Aa]n?|Use|This|That|[Mm]y|[Yy]our|[Ii]ts|[Ee]ach|[Ee]very|[Ww]ith|[Ll]ike|[Uu]ses|emits|puts|to)[^\S\n]$/u;
/** “this </s> token”: the word after the token says what it is. */
const namesToken = /^[^\S\n](?:tokens?|tags?|markers?|marks?|symbols?|delimiters?)[^\p{L}]/u;
/** “the <eos> token ends it”: a token between two words of a sentence. The role of an invented message is no such word. */
const isMentioned = (text: string, from: number, to: number): boolean => {
  const before = text.slice(Math.max(0, from - 8), from);
  const after = text.slice(to, to + 40);
  if (!/[\p{L}\p{N},][^\S\n]$/u.test(before)) return false;
  if (/^,\s/.test(after) || namesToken.test(after)) return true;
  const isNoun = beforeNoun.test(before);
  // “Each turn ends with </s>.”
  if (isNoun && /^[.;!?)]/.test(after)) return true;
  return (
    (isNoun || wordToken.test(text.slice(from, to))) &&
    /^[^\S\n](?!(?:user|assistant|human|system|model|bot)\b)\p{Ll}{1,38}[^\p{L}]/u.test(after)
  );
};

/** The reply up to its first template token. `<s>struck</s>` is HTML and no token. */
export const upToTemplateToken = (text: string): string => {
  const reply = withoutLeading(text);
  let struck = 0;
  for (const { 0: found, 1: cut, index } of reply.matchAll(quotedOrToken)) {
    if (cut === undefined || isMentioned(reply, index, index + found.length)) continue;
    if (found === '<s>' && reply.indexOf('</s>', index) >= 0) struck += 1;
    else if (found === '</s>' && struck > 0) struck -= 1;
    else return reply.slice(0, index);
  }
  return withoutWordsAtEnd(reply).replace(unfinishedToken, '');
};

const roles = ['assistant', 'model', 'bot'];
const leadingTokens = new RegExp(`^(?:\\s*(?!${thoughts})(?:${token}))+`);

/** Whether an unfinished reply began with tokens, so that the role of the template may follow. */
export const mayBeginWithRole = (text: string): boolean => {
  const tokens = leadingTokens.exec(text)?.[0];
  if (tokens === undefined) return false;
  const rest = text.slice(tokens.length).trimStart().slice(0, 11);
  return roles.some((role) => role.startsWith(rest) || rest === role || rest === `${role}:`);
};
