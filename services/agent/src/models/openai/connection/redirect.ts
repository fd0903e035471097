import { failed, type ModelFailure } from '../../model.ts';
import { shownURL } from './server-address.ts';

/** A redirect is not followed, because it could send the key to another server. */
export const redirected = (status: number, location: string | undefined, asked: URL): ModelFailure => {
  const to = location === undefined ? null : URL.parse(location, asked.href);
  const from = shownURL(asked);
  if (!to) return failed('model-rejected', `HTTP ${status} from ${from}: a redirect that leads nowhere`);
  const base = shownURL(to).replace(/\/chat\/completions$/, '');
  return failed(
    'model-rejected',
    `HTTP ${status} from ${from}: the server sends us to ${shownURL(to)}: set OPENAI_BASE_URL to ${base}`,
  );
};
