import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openapi } from '../generate-openapi.ts';
import { controlBodies } from '../src/index.ts';

const document = JSON.parse(openapi);

/** Every value that stands under `key`, however deep. */
const under = (value: unknown, key: string): unknown[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === key ? [inner] : []),
    ...under(inner, key),
  ]);
};

describe('docs/openapi.json', () => {
  it('docs/openapi.json is what `npm run generate` writes', () => {
    expect(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8')).toBe(openapi);
  });

  it('docs/openapi.json has every action of an operator', () => {
    for (const action of Object.keys(controlBodies)) {
      const path = action === 'open' ? '/v1/conversations' : `/v1/conversations/{id}/${action}`;
      expect(document.paths[path].post.operationId).toBe(action);
    }
  });

  it('docs/openapi.json follows the rules of OpenAPI 3.1 that it uses', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    const ids = under(document.paths, 'operationId');
    expect(new Set(ids).size).toBe(ids.length);
    for (const target of under(document, '$ref') as string[]) {
      const found = target
        .slice(2)
        .split('/')
        .reduce((at, step) => at?.[step], document);
      expect(found, target).toBeDefined();
    }
    for (const [path, methods] of Object.entries<Record<string, Record<string, never>>>(document.paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters, responses } of Object.values(methods) as Record<string, unknown>[]) {
        const inPath = (parameters as { name: string; in: string; required?: boolean }[]).filter(
          (one) => one.in === 'path',
        );
        expect(inPath.map(({ name }) => name)).toEqual(named);
        expect(inPath.every(({ required }) => required)).toBe(true);
        for (const [status, response] of Object.entries(responses as object)) {
          expect(status).toMatch(/^[2-5]\d\d$/);
          expect(response.description).toEqual(expect.any(String));
        }
      }
    }
  });
});
