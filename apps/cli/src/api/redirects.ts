/** As many as `fetch` follows. */
const mostRedirects = 20;

const redirects = new Set([301, 302, 303, 307, 308]);

/** Where the response redirects to. */
export const redirectOf = ({ status, headers, url }: Response): URL | undefined => {
  const location = redirects.has(status) ? headers.get('location') : null;
  const there = location === null ? null : URL.parse(location, url);
  return there && /^https?:$/.test(there.protocol) ? there : undefined;
};

/** Whether the redirect asks for the same method again. After another one `fetch` makes a GET of a POST. */
export const isMethodKept = ({ status }: Response): boolean => status === 307 || status === 308;

/**
 * As `fetch`, with two differences. A request with a token goes on to another origin only after a redirect within its own one,
 * and then without the token. A POST stays a POST: it is repeated only where the redirect keeps the method. A redirect that is
 * not followed is the response.
 */
export const fetchRedirected = async (url: string, request: RequestInit): Promise<Response> => {
  const { origin } = new URL(url);
  const headers = new Headers(request.headers);
  const hasToken = headers.has('authorization');
  const isFollowed = (there: URL, response: Response, count: number): boolean => {
    if (request.method === 'POST' && !isMethodKept(response)) return false;
    return !hasToken || count > 0 || there.origin === origin;
  };
  let at = url;
  for (let count = 0; ; count++) {
    const response = await fetch(at, { ...request, headers, redirect: 'manual' });
    const there = redirectOf(response);
    if (!there || !isFollowed(there, response, count)) return response;
    if (count === mostRedirects) throw new Error(`more than ${mostRedirects} redirects`);
    await response.body?.cancel();
    if (there.origin !== origin) headers.delete('authorization');
    at = there.href;
  }
};
