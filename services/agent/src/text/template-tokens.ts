/**
 * Tokens of chat templates that a server passes on as text when it does not know the stop token of its model: from the
 * first one on a reply is an invented conversation.
 */
const token = [
  // ChatML, Llama 3, Qwen, GLM, Phi, Granite, Cohere, harmony and others: a name between bars.
  String.raw`<\|/?[a-zA-Z][a-zA-Z0-9_]{0,38}\|>`,
  // DeepSeek.
  String.raw`<｜[^<>\s]{1,38}｜>`,
  // Gemma.
  String.raw`<(?:end_of_turn|start_of_turn|turn\||\|turn)>`,
  // Llama 2 and Mistral.
  String.raw`<\/?s>|\[\/?INST\]|<<\/?SYS>>|\[\/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]`,
  // EXAONE, GLM, and the names that a tokenizer gives its ends.
  String.raw`\[\|[a-z]{1,20}\|\]|\[gMASK\]|<(?:eos|bos|pad|EOT|EOS|BOS)>`,
].join('|');

/** Back-quotes keep a token a word that is talked about. */
const quotedOrToken = new RegExp(`\`\`\`[\\s\\S]*?\`\`\`|\`[^\`\\n]+\`|(${token})`, 'g');
/** A reply may begin with tokens, and with the role that its template writes between them. */
const thoughts = String.raw`<\|(?:(?:START|END)_THINKING|(?:begin|end)_of_thought)\|>`;
const leading = new RegExp(
  `^\\s*(?!${thoughts})(?:${token})(?:\\s*(?:assistant|model|bot)\\b[^\\S\\n]*:?(?=\\s|${token}|$))?`,
);

/** A reply without the tokens that it begins with. */
export const withoutLeading = (text: string): string => {
  let rest = text;
  for (let found = leading.exec(rest); found; found = leading.exec(rest)) rest = rest.slice(found[0].length);
  return rest;
};

/** The reply up to the first template token in it. `<s>struck</s>` is no token but a mark of HTML. */
export const upToTemplateToken = (text: string): string => {
  const reply = withoutLeading(text);
  let struck = 0;
  for (const { 0: found, 1: cut, index } of reply.matchAll(quotedOrToken)) {
    if (cut === undefined) continue;
    if (found === '<s>' && reply.indexOf('</s>', index) >= 0) struck += 1;
    else if (found === '</s>' && struck > 0) struck -= 1;
    else return reply.slice(0, index);
  }
  return reply;
};

const roles = ['assistant', 'model', 'bot'];
const leadingTokens = new RegExp(`^(?:\\s*(?!${thoughts})(?:${token}))+`);

/** Whether a reply that is still being written has begun with tokens, and may go on with the role of its template. */
export const mayBeginWithRole = (text: string): boolean => {
  const tokens = leadingTokens.exec(text)?.[0];
  if (tokens === undefined) return false;
  const rest = text.slice(tokens.length).trimStart().slice(0, 11);
  return roles.some((role) => role.startsWith(rest) || rest === role || rest === `${role}:`);
};
