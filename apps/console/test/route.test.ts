import { describe, expect, it } from 'vitest';
import { conversationLink, parseRoute, runsLink } from '../src/model/route.ts';

describe('The address of the console', () => {
  it.each([
    ['', { view: 'overview' }],
    ['#/', { view: 'overview' }],
    ['#runs', { view: 'runs', filters: {} }],
    ['#runs?member=ann', { view: 'runs', filters: { member: 'ann' } }],
    [
      '#/?status=running&q=green+tea&other=x',
      { view: 'runs', filters: { status: 'running', q: 'green tea' } },
    ],
    ['#/c-1', { view: 'conversation', id: 'c-1', present: false }],
    ['#/c-1/12', { view: 'conversation', id: 'c-1', seq: 12, present: false }],
    ['#/c-1/-12', { view: 'conversation', id: 'c-1', present: false }],
    ['#/c-1?present', { view: 'conversation', id: 'c-1', present: true }],
    [
      '#/c-1/12?share=share_x-y',
      { view: 'conversation', id: 'c-1', seq: 12, present: false, share: 'share_x-y' },
    ],
    ['#compare/a/b', { view: 'compare', left: 'a', right: 'b' }],
    ['#agents', { view: 'agents' }],
    ['#new', { view: 'new' }],
    ['#/%E0%A4%A', { view: 'unknown' }],
    ['#nothing', { view: 'unknown' }],
  ])('the address %s of the console is %j', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });

  it('the address of a view leads back to that view', () => {
    expect(parseRoute(runsLink({ status: 'ended', q: 'a & b' }))).toEqual({
      view: 'runs',
      filters: { status: 'ended', q: 'a & b' },
    });
    expect(parseRoute(conversationLink('a.b', 3))).toEqual({
      view: 'conversation',
      id: 'a.b',
      seq: 3,
      present: false,
    });
    expect(parseRoute(conversationLink('a.b', undefined, 'share_x'))).toMatchObject({ share: 'share_x' });
  });
});
