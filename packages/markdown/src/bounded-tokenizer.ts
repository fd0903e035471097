import { type Token, Tokenizer, type Tokens } from 'marked';

/** The parser and the renderers call themselves once for each level of quotes and lists. */
const mostLevels = 20;
/** In characters. Much more of it than a message has, read more than once or repeated, would stop the page. */
const mostWork = 1_000_000;
/** The parser fills each row of a table up to the columns of its header: 12,004 characters can become 2.5 million cells. */
const perCell = 50;
/** The parser repeats a link definition at each of its uses, and it is written more than once there. */
const perRepeated = 10;
/** The parser reads quotes of fewer and fewer levels again, twice as often for each: 20 lines would be a million quotes. */
const perBlock = 100;

/** Throws where a text of one message would become much more than was written. Made for one text. */
export class BoundedTokenizer extends Tokenizer {
  #levels = 0;
  #work = 0;

  override blockquote(src: string): Tokens.Blockquote | undefined {
    return this.#block(this.rules.block.blockquote, src, () => super.blockquote(src));
  }

  override list(src: string): Tokens.List | undefined {
    return this.#block(this.rules.block.list, src, () => super.list(src));
  }

  override table(src: string): Tokens.Table | undefined {
    const found = this.rules.block.table.exec(src);
    if (found) this.#add(perCell * (found[2]?.split('|').length ?? 1) * found[0].split('\n').length);
    return super.table(src);
  }

  override reflink(
    src: string,
    links: Parameters<Tokenizer['reflink']>[1],
  ): Tokens.Link | Tokens.Image | Tokens.Text | undefined {
    const found = super.reflink(src, links);
    if (found && 'href' in found) this.#add(perRepeated * `${found.href}${found.title}`.length);
    return found;
  }

  #block<T extends Token>(rule: RegExp, src: string, read: () => T | undefined): T | undefined {
    if (!rule.test(src)) return undefined;
    if (++this.#levels > mostLevels) throw new RangeError('too many levels');
    const token = read();
    this.#levels--;
    this.#add(perBlock + (token?.raw.length ?? 0));
    return token;
  }

  #add(characters: number): void {
    this.#work += characters;
    if (this.#work > mostWork) throw new RangeError('too much to parse');
  }
}
