import { ConfigError } from '@parley/runtime';
import type { ConnectionLimitRules } from './connection-limits.ts';
import type { RequestFilterRules } from './request-filter.ts';

/** What decides who can reach the router, and who may. */
export interface BindPolicySettings {
  readonly host: string;
  /** Undefined when the operator has not said. */
  readonly open: boolean | undefined;
  /** Where docker-compose.yml publishes a port that listens on all addresses of a container. */
  readonly published: string | undefined;
  readonly hosts: string | undefined;
  readonly origins: string | undefined;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number | undefined;
}

const maxPerAddress = 1_000;

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);

const listOf = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** Without tokens the router is for this machine only, unless the operator says that the network is private. */
export const bindPolicyOf = (
  settings: BindPolicySettings,
  needsTokens: boolean,
): { readonly requestFilter: RequestFilterRules; readonly connectionLimits: ConnectionLimitRules } => {
  const { host, published, maxConnections, maxConnectionsPerAddress } = settings;
  const local = isLoopback(host);
  const open = settings.open ?? (published !== undefined && isLoopback(published));
  if (!local && !needsTokens && !open) {
    const [variable, address] = published === undefined ? ['ROUTER_HOST', host] : ['PARLEY_BIND', published];
    throw new ConfigError([
      `${variable}: ${address} can be reached by others, and no client needs a token: set ROUTER_TOKENS, ROUTER_JWT_KEY or ROUTER_JWKS, or ROUTER_OPEN=true if the network is private`,
    ]);
  }
  return {
    requestFilter: {
      origins: listOf(settings.origins) ?? [],
      // Beyond loopback a page needs a token, which no other page has; its name does not matter then.
      hosts: listOf(settings.hosts) ?? (local || !needsTokens ? [] : undefined),
    },
    connectionLimits: {
      total: maxConnections,
      perAddress: maxConnectionsPerAddress ?? (local ? 0 : maxPerAddress),
    },
  };
};
