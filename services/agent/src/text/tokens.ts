/** The approximate number of tokens of a character, by its script. Vocabularies are made mostly from text in the Latin script. */
const tokensOf = (code: number): number => {
  if (code < 0x80) return 0.25;
  // Latin with marks, Greek, Cyrillic, Armenian, Hebrew, Arabic.
  if (code < 0x780) return 0.5;
  // Latin with more marks, general punctuation and symbols.
  if (code >= 0x1e00 && code < 0x2c00) return 0.5;
  // Indic and Thai letters, Chinese, Japanese, Korean, and the wide forms of punctuation.
  return 1;
};

/** The approximate number of tokens of a text, without a tokenizer. Exact enough for a budget in any language. */
export const estimateTokens = (text: string): number => {
  let tokens = 0;
  for (let at = 0; at < text.length; at++) tokens += tokensOf(text.charCodeAt(at));
  return Math.ceil(tokens);
};
