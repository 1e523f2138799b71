import { describe, expect, it } from 'vitest';
import { startIssuer } from '../../gateway/test/identity/start-issuer.ts';
import { askMcp } from './support/ask-mcp.ts';
import { gatewayProject, identityBlocks } from './support/gateway-project.ts';
import { runWrit } from './support/run-writ.ts';
import { startWrit } from './support/start-writ.ts';

const FREE = ['--addr', '127.0.0.1:0', '--mcp-addr', '127.0.0.1:0'];
const RESOURCE = 'https://writ.example.com/mcp';
const [, OAUTH = ''] = identityBlocks();

/**
 * Only the finance agent pays, and nobody drives it but the accounting agent: a planner that reads mail from outside may
 * be told anything by it.
 */
const POLICY = `package main

default decision := {"allow": false, "reason": "not_finance"}

decision := {"allow": false, "reason": "driven_by_another_agent"} if driven

else := {"allow": true} if input.actor.id == "agent:finance"

driven if {
	some link in input.delegation
	not link.id in {"agent:finance", "agent:accounting"}
}
`;

/** The tokens that an exchange (RFC 8693) would give out: the finance agent acts, driven by whom \`act\` nests. */
const CHAINS = {
  own: { act: { sub: 'agent:finance' } },
  accounting: { act: { sub: 'agent:finance', act: { sub: 'agent:accounting' } } },
  planner: { act: { sub: 'agent:finance', act: { sub: 'agent:planner' } } },
  laundered: {
    act: { sub: 'agent:finance', act: { sub: 'agent:accounting', act: { sub: 'agent:planner' } } },
  },
  loop: { act: { sub: 'agent:finance', act: { sub: 'agent:accounting', act: { sub: 'agent:finance' } } } },
  broken: { act: { sub: 'agent:finance', act: { client: 'agent:planner' } } },
  deep: {
    act: ['a', 'b', 'c', 'd', 'e'].reduce<object>((act, sub) => ({ sub, act }), { sub: 'f' }),
  },
};

describe('a planner that was coerced into driving the finance agent', () => {
  it('[P-DELEGATION-COERCED] [P-DELEGATION-CHAIN] [P-DELEGATION-CLAIMED] [P-REVOKED] is stopped by the chain, however it tries', async () => {
    const issuer = await startIssuer(
      Object.entries(CHAINS).map(([id, claims]) => ({ id, claims: { tenant: 'acme', ...claims } })),
    );
    const { folder } = gatewayProject(
      OAUTH.replace('https://login.example.com', issuer.issuer).replace(
        'required_scopes',
        'allow: [loopback]\n      required_scopes',
      ),
      POLICY,
    );
    const service = await startWrit(FREE, { cwd: folder });
    const url = service.mcp as string;
    const tokens = new Map<string, string>();
    for (const id of Object.keys(CHAINS))
      tokens.set(id, await issuer.token(id, RESOURCE, { scope: 'files:read' }));
    const pay = (chain: keyof typeof CHAINS, more: Parameters<typeof askMcp>[1] = {}) =>
      askMcp(url, { ...more, headers: { authorization: `Bearer ${tokens.get(chain)}`, ...more.headers } });
    const reasonOf = (text: string) => /"reason":"([a-z_]+)"/.exec(text)?.[1];

    // Honest work goes through.
    expect((await pay('own')).text).not.toContain('"isError":true');
    expect((await pay('accounting')).text).not.toContain('"isError":true');
    // Driven by the planner, at first or second hand: the chain says so, and policy stops it.
    expect(reasonOf((await pay('planner')).text)).toBe('driven_by_another_agent');
    expect(reasonOf((await pay('laundered')).text)).toBe('driven_by_another_agent');
    // Chains that nobody honest gives out, each with its own code.
    for (const [chain, code] of [
      ['loop', 'delegation_loop'],
      ['broken', 'delegation_broken'],
      ['deep', 'delegation_too_deep'],
    ] as const)
      expect([chain, await pay(chain)]).toMatchObject([chain, { status: 403, code }]);
    // A parent that only a header or the message names.
    const header = { headers: { 'x-parent-agent-id': 'agent:accounting' } };
    const meta = { meta: { parent_agent_id: 'agent:accounting' } };
    expect(await pay('planner', header)).toMatchObject({ status: 403, code: 'parent_forged' });
    expect(await pay('planner', meta)).toMatchObject({ status: 403, code: 'parent_forged' });
    expect(await pay('own', header)).toMatchObject({ status: 403, code: 'parent_unattested' });

    // Revoked between the issue of the token and the call: the token is good for minutes still, and does nothing.
    const writ = (...args: string[]) => runWrit(args, { cwd: folder });
    const revoked = await writ('revoke', '--actor', 'agent:accounting', '--reason', 'key leaked');
    expect(revoked.stdout).toContain('Revoked: actor agent:accounting');
    expect(reasonOf((await pay('accounting')).text)).toBe('parent_revoked');
    expect((await pay('own')).text).not.toContain('"isError":true');
    await writ('revoke', '--actor', 'agent:accounting', '--restore');
    expect((await pay('accounting')).text).not.toContain('"isError":true');

    const shown = await writ('log', 'tail', '-n', '100', '--format', 'json');
    const { entries } = JSON.parse(shown.stdout) as {
      entries: { core: { kind: string; event?: string; codes?: string[] } }[];
    };
    const malformed = entries
      .filter(({ core }) => core.kind === 'malformed')
      .flatMap(({ core }) => core.codes ?? []);
    expect(malformed).toEqual([
      'delegation_loop',
      'delegation_broken',
      'delegation_too_deep',
      'parent_forged',
      'parent_forged',
      'parent_unattested',
    ]);
    const acts = entries.filter(({ core }) => core.kind === 'administrative').map(({ core }) => core.event);
    expect(acts).toEqual(['revoked', 'restored']);
    expect(entries.some(({ core }) => core.codes?.includes('parent_revoked'))).toBe(true);
  });
});
