import type { ConversationPage, Entry } from '@parley/protocol';
import { get, relative } from './router-client.ts';

/** Every entry of a conversation, page by page. */
export async function* allEntries(id: string): AsyncGenerator<Entry> {
  for (let path: string | undefined = `v1/conversations/${encodeURIComponent(id)}`; path !== undefined; ) {
    const page: ConversationPage | undefined = await get<ConversationPage>(path);
    yield* page?.entries ?? [];
    path = page?.next && relative(page.next);
  }
}
