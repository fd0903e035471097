import { type Route, type RouteName, routes } from '@parley/protocol';

interface MatchedRoute {
  readonly name: RouteName;
  readonly route: Route;
  /** The segment at `{id}`; empty where the path has none. */
  readonly id: string;
}

const patternOf = (path: string): RegExp => new RegExp(`^${path.replace('{id}', '(?<id>[^/]+)')}$`);

const table = Object.entries<Route>(routes).map(([name, route]) => ({
  name: name as RouteName,
  route,
  pattern: patternOf(route.path),
}));

/** The route of a request; undefined when there is none. HEAD is answered like GET. */
export const matchRoute = (method: string | undefined, pathname: string): MatchedRoute | undefined => {
  const wanted = method === 'HEAD' ? 'GET' : method;
  for (const { name, route, pattern } of table) {
    const found = route.method === wanted ? pattern.exec(pathname) : null;
    if (found) return { name, route, id: found.groups?.id ?? '' };
  }
  return undefined;
};
