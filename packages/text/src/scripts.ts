/** Scripts that put no blanks between words, as the inside of a character class of a `u` expression. */
export const unspacedScripts =
  '\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}';

/** Marks that end a sentence, in any script, as the inside of a character class. Those of ASCII are first. */
export const sentenceEnds = '.!?…‥。！？｡؟۔।॥։။።។៕།༎᠃᙮';
