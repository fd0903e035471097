import { describe, expect, it } from 'vitest';
import { openAuthenticator } from '../../src/identity/authenticator.ts';
import { mayBe, mayReadAll } from '../../src/identity/identity.ts';
import { Shares, withShares } from '../../src/identity/shares.ts';
import type { Share } from '../../src/ledger/ledger.ts';

const start = () => {
  const kept = new Map<string, Share>();
  const clock = { now: 1_000_000 };
  const ledger = {
    shares: () => [...kept.values()],
    keepShare: (share: Share) => void kept.set(share.id, share),
    removeShare: (id: string) => void kept.delete(id),
  };
  const open = () => new Shares({ ledger, now: () => clock.now });
  return { kept, clock, open, shares: open() };
};

const made = async (shares: Shares, conversation = 'c1', minutes = 10) => {
  const link = await shares.make(conversation, 'boss', minutes);
  if (!link) throw new Error('no link was made');
  return link;
};

describe('A share link', () => {
  it('a share link identifies a reader of one conversation, who may register no name and read nothing else', async () => {
    const { shares, clock } = start();
    const { token } = await made(shares);
    const verdict = shares.identify(token);
    if (!verdict.ok) throw new Error(verdict.problem);
    const { identity } = verdict;
    expect(identity).toMatchObject({
      role: 'observer',
      share: { conversation: 'c1', expiresAt: clock.now + 600_000 },
    });
    expect(mayReadAll(identity)).toBe(false);
    expect(mayBe(identity, 'ann')).toBe(false);
  });

  it('a share link is invalid from the millisecond in which it expires, also for a connected reader', async () => {
    const { shares, clock } = start();
    const { token, share } = await made(shares);
    const verdict = shares.identify(token);
    clock.now = share.expiresAt - 1;
    expect(verdict.ok && verdict.identity.isValid(clock.now)).toBe(true);
    clock.now++;
    expect(verdict.ok && verdict.identity.isValid(clock.now)).toBe(false);
    expect(shares.identify(token)).toMatchObject({ ok: false, problem: 'this share link has expired' });
  });

  it('a share link ends when it is revoked for its conversation, and the operator is recorded', async () => {
    const { shares, clock } = start();
    const { token, share } = await made(shares);
    const verdict = shares.identify(token);
    expect(await shares.revoke('c2', share.id, 'chief')).toBe(false);
    clock.now += 5;
    expect(await shares.revoke('c1', share.id, 'chief')).toBe(true);
    expect(verdict.ok && verdict.identity.isValid(clock.now)).toBe(false);
    expect(shares.identify(token)).toMatchObject({ ok: false, problem: 'this share link was revoked' });
    clock.now += 5;
    await shares.revoke('c1', share.id, 'another');
    expect(shares.of('c1')).toMatchObject([{ by: 'boss', revokedBy: 'chief', revokedAt: clock.now - 5 }]);
  });

  it('a share link outlives the router, of which only the hash of its token is kept', async () => {
    const { kept, open, shares } = start();
    const { token } = await made(shares);
    expect(JSON.stringify([...kept.values()])).not.toContain(token.slice(6));
    expect(open().identify(token).ok).toBe(true);
  });

  it('a share link is found by no other token, and is removed with its conversation', async () => {
    const { kept, shares } = start();
    const { token, share } = await made(shares);
    expect(shares.identify(`${token}x`).ok).toBe(false);
    expect(shares.identify(`share_${kept.get(share.id)?.digest}`).ok).toBe(false);
    shares.forget('c1');
    expect(shares.identify(token).ok).toBe(false);
  });

  it('at most 100 share links are valid for one conversation', async () => {
    const { shares, clock } = start();
    for (let i = 0; i < 100; i++) await made(shares);
    expect(await shares.make('c1', 'boss')).toBeUndefined();
    expect(await shares.make('c2', 'boss')).toBeDefined();
    clock.now += 600_000;
    expect(await shares.make('c1', 'boss')).toBeDefined();
  });

  it('when the ledger has 10,000 share links, the oldest one that is revoked or expired makes place for a new one', async () => {
    const { shares, clock, kept, open } = start();
    const links: Awaited<ReturnType<typeof made>>[] = [];
    for (let i = 0; i < 10_000; i++) links.push(await made(shares, `c${i}`, i === 7 ? 1 : 10));
    expect(await shares.make('new', 'boss')).toBeUndefined();
    await shares.revoke('c9', links[9]?.share.id ?? '', 'boss');
    expect(await shares.make('new', 'boss')).toBeDefined();
    expect([shares.of('c9'), kept.size]).toEqual([[], 10_000]);
    expect(shares.identify(links[9]?.token ?? '').ok).toBe(false);
    expect(await shares.make('new', 'boss')).toBeUndefined();
    clock.now += 60_000;
    expect(await shares.make('new', 'boss')).toBeDefined();
    expect(shares.of('c7')).toEqual([]);
    expect(open().of('new')).toHaveLength(2);
    expect(shares.identify(links[8]?.token ?? '').ok).toBe(true);
  });

  it('a share link works on a router that needs no tokens, which accepts every other token as before', async () => {
    const { shares } = start();
    const authenticator = withShares(openAuthenticator, shares);
    const verdict = authenticator.identify((await made(shares)).token);
    expect(verdict).toMatchObject({
      ok: true,
      identity: { role: 'observer', share: { conversation: 'c1' } },
    });
    expect(authenticator.identify(undefined)).toMatchObject({ ok: true, identity: { role: 'operator' } });
    expect(authenticator.identify('share_unknown')).toMatchObject({ ok: false });
  });
});
