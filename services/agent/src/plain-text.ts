const directionMarks = /[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
const controlCharacters = /[^\P{Cc}\n\t]/gu;

/** Well-formed text with one kind of line end, and without characters that act on a terminal or hide what is read. */
export const withoutControls = (text: string): string =>
  text.toWellFormed().replace(/\r\n?/g, '\n').replace(controlCharacters, '').replace(directionMarks, '');
