import { readRefusal } from './chat-body.ts';
import type { HttpAnswer } from './connection/http-exchange.ts';
import { isPage, pageText, type ServerWords, wordsOf } from './server-words.ts';

/** What the server says in the body of an answer that is no reply. The connection is closed. */
export const refusalOf = async (answer: HttpAnswer): Promise<ServerWords> => {
  let text = '';
  try {
    text = await readRefusal(answer.body);
  } catch {
    // The body cannot be read; the status is enough.
  }
  answer.close();
  return wordsOf(isPage(text) ? pageText(text) : text);
};
