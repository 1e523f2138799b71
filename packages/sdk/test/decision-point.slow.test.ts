import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@writ/decision';
import { LEDGER_PROCEDURES } from '@writ/ledger';
import {
  createDecisionPoint,
  createHttpApi,
  createPolicySource,
  createRegoEngine,
  createToken,
  DECISION_PROCEDURES,
  type DecisionService,
  loadPolicies,
  tokenDigest,
} from '@writ/pdp';
import { openStore } from '@writ/store';
import { CONTRACT_POLICY, decisionPointContract } from '@writ/testing/decision-point-contract';
import { expect, onTestFinished, test } from 'vitest';
import { appeal, connect, guard, PolicyViolation, RunHalted, resume } from '../src/index.ts';

interface Running {
  readonly service: DecisionService;
  close(): Promise<void>;
}

/** The real pipeline: embedded engine, SQLite store, in a folder of its own. */
async function running(): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'writ-point-'));
  const bundle = join(directory, 'bundle');
  mkdirSync(bundle);
  writeFileSync(join(bundle, 'policy.rego'), CONTRACT_POLICY.rego);
  const manifest = { roots: ['contract'], metadata: { writ: { entrypoints: CONTRACT_POLICY.entrypoints } } };
  writeFileSync(join(bundle, '.manifest'), JSON.stringify(manifest));
  const loaded = await loadPolicies([{ kind: 'path', path: bundle, name: 'contract' }], createRegoEngine());
  if (!loaded.ok) throw new Error(JSON.stringify(loaded));
  const store = await openStore({
    directory: join(directory, 'data'),
    procedures: [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES],
  });
  const policies = createPolicySource(loaded.set);
  const service = createDecisionPoint({ store, policies });
  return {
    service,
    close: async () => {
      await service.close();
      await policies.close();
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function judgeBy(service: DecisionService, id: string, verdict: 'approved' | 'denied'): Promise<void> {
  const { approve, deny } = service.administration.approvals;
  const judged = await (verdict === 'approved' ? approve(id, 'operator') : deny(id, 'operator'));
  if (!judged.ok) throw new Error(judged.message);
}

async function overHttp(service: DecisionService) {
  const token = createToken('writ_pt');
  const caller = { pointId: 'client', mayAssert: {}, mode: 'enforce' } as const;
  const api = createHttpApi({
    service,
    policies: () => undefined,
    credentials: { points: [{ tokenSha256: tokenDigest(token), caller }] },
  });
  const listening = await api.listen();
  if (!listening.ok) throw new Error(listening.message);
  const point = connect({ url: listening.url, token });
  return {
    point,
    close: async () => {
      await point.close();
      await api.close();
    },
  };
}

decisionPointContract('in process', async () => {
  const { service, close } = await running();
  return { point: service, judge: (id, verdict) => judgeBy(service, id, verdict), close };
});

decisionPointContract('over HTTP', async () => {
  const { service, close } = await running();
  const http = await overHttp(service);
  return {
    point: http.point,
    judge: (id, verdict) => judgeBy(service, id, verdict),
    close: async () => {
      await http.close();
      await close();
    },
  };
});

test.each(['in process', 'over HTTP'])('guard() is the same %s', async (way) => {
  const { service, close } = await running();
  onTestFinished(close);
  const http = way === 'over HTTP' ? await overHttp(service) : undefined;
  onTestFinished(async () => http?.close());
  const ran: JsonObject[] = [];
  const tools = guard(
    {
      pay: (args: JsonObject) => {
        ran.push(args);
        return 'paid';
      },
    },
    {
      point: http?.point ?? service,
      principal: { id: 'user:ann' },
      actor: { id: 'agent:helper' },
      session: 's',
      server: 'bank',
    },
  );
  expect(await tools.pay({ want: true })).toBe('paid');
  expect(
    await tools.pay({ want: { outcome: 'deny', reason: 'amount_over_limit', remediation: 'ask_for_less' } }),
  ).toBe('TOOL_DENIED: amount_over_limit. ask_for_less. Choose a different action.');
  const text = (await tools.pay({ want: 'escalate', n: 1 })) as string;
  const id = /apr-[0-9a-f-]+/.exec(text)?.[0] as string;
  expect(await resume(tools, id)).toMatch(/^APPROVAL_PENDING/);
  await judgeBy(service, id, 'approved');
  expect(await resume(tools, id)).toBe('paid');
  expect(await resume(tools, id)).toMatch(/^TOOL_DENIED: approval_used/);
  expect(ran).toHaveLength(2);
  const refused = { outcome: 'deny', reason: 'too_much', metadata: { appeal_path: 'access_request' } };
  expect(await tools.pay({ want: refused })).toMatch(/^TOOL_DENIED: too_much\. This can be appealed/);
  const pending = await appeal(tools, { tool: 'pay', args: { want: refused } }, 'it is due');
  await judgeBy(service, pending.approval_id, 'approved');
  expect(await resume(tools, pending.approval_id)).toBe('paid');
  expect(await resume(tools, pending.approval_id)).toMatch(/^TOOL_DENIED: approval_used/);
  const nothing = appeal(tools, { tool: 'pay', args: { want: true } });
  await expect(nothing).rejects.toMatchObject({ reason: 'appeal_not_needed' });
  await expect(nothing).rejects.toBeInstanceOf(PolicyViolation);
  expect(ran).toHaveLength(3);
  await service.administration.halt({ kind: 'actor', actor: 'agent:helper' }, 'operator');
  expect(await tools.pay({ want: true })).toMatch(/^TOOL_DENIED: halted/);
  await expect(tools.pay({ want: true })).rejects.toBeInstanceOf(RunHalted);
  expect(ran).toHaveLength(3);
});
