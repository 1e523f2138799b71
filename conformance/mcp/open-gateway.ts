/** The gateway in front of one server, with a policy that allows all, on a real decision point and record. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILT_IN_BUNDLES } from '@writ/bundle';
import { createMcpGateway, type McpGateway, type UpstreamConfig } from '@writ/gateway';
import { createAuthenticator } from '@writ/identity';
import { LEDGER_PROCEDURES } from '@writ/ledger';
import {
  createDecisionPoint,
  createPolicySource,
  createRegoEngine,
  DECISION_PROCEDURES,
  loadPolicies,
  renderLoadFailure,
} from '@writ/pdp';
import { openStore } from '@writ/store';

export interface OpenGateway {
  readonly url: string;
  readonly gateway: McpGateway;
  close(): Promise<void>;
}

const GRANT_ALL = 'writ/grant-all';

/** `upstream`: URL of a server, or how to reach one. */
export async function openGateway(upstream: string | UpstreamConfig): Promise<OpenGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-conformance-'));
  const engine = createRegoEngine();
  const bundle = BUILT_IN_BUNDLES.get(GRANT_ALL);
  if (bundle === undefined) throw new Error(`there is no ${GRANT_ALL}`);
  const loaded = await loadPolicies([{ kind: 'built-in', bundle }], engine);
  if (!loaded.ok) throw new Error(renderLoadFailure(loaded));
  const store = await openStore({
    directory: folder,
    procedures: [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES],
  });
  const service = createDecisionPoint({
    store,
    policies: createPolicySource(loaded.set),
    limits: { decisionMs: 10_000 },
  });
  const gateway = createMcpGateway({
    point: service,
    upstreams: [typeof upstream === 'string' ? { id: 'fixture', url: upstream } : upstream],
    authenticator: createAuthenticator({
      providers: [],
      anonymous: {
        principal: { id: 'user:conformance', kind: 'user' },
        actor: { id: 'agent:suite' },
      },
    }),
  });
  const server = createServer((request, response) => void gateway.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    gateway,
    async close() {
      await gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await service.close();
      await store.close();
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
