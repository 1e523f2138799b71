import { describe, expect, it, onTestFinished } from 'vitest';
import type { RefusalOptions } from '../src/index.ts';
import { ALICE, callText, fixtureUpstream, post, type RawAnswer, startGateway } from './start-gateway.ts';
import { startPoint } from './start-point.ts';
import { StreamsTransport } from './streams-transport.ts';

const POLICY = `package agent

kind := input.action.args.kind

decision := {"outcome": "deny", "reason": "not_today"} if kind == "deny"

else := {"outcome": "step_up", "reason": "scope_missing", "step_up": {"method": "step_up", "scopes": ["write", "admin"]}} if kind == "scopes"

else := {"outcome": "step_up", "reason": "stronger", "step_up_method": "passkey"} if kind == "passkey"

else := {"outcome": "step_up", "reason": "both", "step_up": {"method": "passkey", "scopes": ["pay"]}} if kind == "both"

else := {"outcome": "escalate", "reason": "person"} if kind == "person"

else := {"outcome": "allow", "reason": "ok"}
`;
const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
const MODERN_HEADERS = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'echo',
};

type Ask = (kind: string) => Promise<RawAnswer>;

async function open(refusals: RefusalOptions = {}) {
  const { service, entries } = await startPoint({ rego: POLICY });
  const { url, gateway } = await startGateway(service, [fixtureUpstream()], { refusals });
  const legacy: Ask = (kind) => post(url, callText('echo', JSON.stringify({ kind })));
  const modern: Ask = (kind) =>
    post(url, callText('echo', JSON.stringify({ kind }), `,${META}`), MODERN_HEADERS);
  return { legacy, modern, entries, gateway };
}

/** The one message of an answer, as JSON or as an event. */
function messageOf({ text }: RawAnswer) {
  const data = /^data: (\{.*\})$/m.exec(text)?.[1] ?? text;
  return JSON.parse(data) as {
    id: unknown;
    result?: { isError?: boolean };
    error?: { code: number; message: string; data?: object };
  };
}

describe('stronger identity over HTTP', () => {
  it('[P-GATEWAY-STEP-UP] a challenge names every scope, or the way to authenticate, in both eras', async () => {
    const { legacy, modern, entries } = await open({ resourceMetadata: 'https://x/.well-known/y' });
    for (const ask of [legacy, modern]) {
      const scopes = await ask('scopes');
      expect([scopes.status, scopes.headers['www-authenticate']]).toEqual([
        403,
        'Bearer error="insufficient_scope", error_description="scope_missing", scope="read admin write", resource_metadata="https://x/.well-known/y"',
      ]);
      expect(messageOf(scopes)).toMatchObject({ id: 1, error: { code: -31_403 } });
      const passkey = await ask('passkey');
      expect([passkey.status, passkey.headers['www-authenticate']]).toEqual([
        401,
        'Bearer error="insufficient_user_authentication", error_description="stronger", acr_values="passkey", resource_metadata="https://x/.well-known/y"',
      ]);
      expect((await ask('both')).headers['www-authenticate']).toContain(
        'acr_values="passkey", scope="read pay"',
      );
      expect((await ask('none')).status).toBe(200);
    }
    const outcomes = (await entries()).flatMap(({ core }) =>
      core.kind === 'decision' ? [core.outcome] : [],
    );
    expect(outcomes).toEqual([
      'step_up',
      'step_up',
      'step_up',
      'allow',
      'step_up',
      'step_up',
      'step_up',
      'allow',
    ]);
  });
});

describe('a denial', () => {
  it('[P-GATEWAY-REFUSAL-FORM] is a result, an error or HTTP 403, as configured for the era', async () => {
    const told = await open();
    for (const ask of [told.legacy, told.modern]) {
      expect((await ask('deny')).status).toBe(200);
      expect(messageOf(await ask('deny')).result?.isError).toBe(true);
    }
    const { legacy, modern } = await open({ deny: { legacy: 'error', modern: 'http' } });
    const error = await legacy('deny');
    expect([error.status, messageOf(error).error]).toMatchObject([
      200,
      { code: -31_403, data: { 'dev.writ/decision': { outcome: 'deny', reason: 'not_today' } } },
    ]);
    const forbidden = await modern('deny');
    expect([forbidden.status, forbidden.headers['writ-reason']]).toEqual([403, 'not_today']);
    expect(messageOf(forbidden).error?.message).toContain('not_today');
    // Whoever must wait for a person repeats the call: that stays a result.
    expect(messageOf(await modern('person')).result?.isError).toBe(true);
  });

  it('[P-GATEWAY-REFUSAL-FORM] on stdio has no status: an error says it', async () => {
    const { gateway } = await open({ deny: 'http' });
    const transport = new StreamsTransport();
    const session = gateway.serveStdio(ALICE, transport.toServer, transport.fromServer);
    onTestFinished(() => session.close());
    const answered = new Promise((resolve) => {
      transport.onmessage = resolve;
    });
    await transport.start();
    transport.toServer.write(`${callText('echo', '{"kind":"deny"}', `,${META}`)}\n`);
    expect(await answered).toMatchObject({ id: 1, error: { code: -31_403 } });
  });
});
