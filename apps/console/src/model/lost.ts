/** How the connection to the router was lost: a status in the place of events, no answer at all, or its ordinary end. */
export type Lost =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'no-answer' }
  | { readonly kind: 'closed' };

/**
 * The text about a lost connection; undefined when the router is only away for a moment. When a browser does not accept a
 * certificate, the page only learns that there is no answer. So that case is one of the possible causes in the text.
 */
export const lostWords = (
  lost: Lost,
  { protocol, host }: { readonly protocol: string; readonly host: string },
): string | undefined => {
  switch (lost.kind) {
    case 'closed':
      return undefined;
    case 'answered':
      if (lost.status >= 502 && lost.status <= 504)
        return `The proxy at ${host} answers (${lost.status}), and the router behind it does not.`;
      return lost.status < 300
        ? `What answers at ${host} sends no events: it is no Parley router, or a proxy in front of it holds them back.`
        : `${host} answers ${lost.status} in the place of events.`;
    case 'no-answer':
      return protocol === 'https:'
        ? `No answer from ${host}: the router or the network is away, or this browser does not accept the certificate. Open this address in a new tab: the browser says there which of them it is.`
        : `No answer from ${host}: the router or the network is away, or it speaks only TLS (https://${host}).`;
  }
};
