import { describe, expect, it } from 'vitest';
import { fixtureUpstream, post, startGateway, until } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const POLICY = `package agent

decision := {"outcome": "escalate", "reason": "ask_a_person"} if {
	input.action.args.ask
} else := {"outcome": "allow"}
`;

const message = (method: string, params: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });

describe('a gateway that is told to stop', () => {
  it('[P-GRACEFUL-STOP] is not held up by a client that waits for a task, which hears how it ended', async () => {
    const { service, entries } = await startPoint({ rego: POLICY });
    const { gateway, url } = await startGateway(service, [fixtureUpstream()]);
    const params = { name: 'echo', arguments: { ask: true }, task: {} };
    const created = JSON.parse((await post(url, message('tools/call', params))).text);
    const { taskId } = created.result.task;
    const waiting = post(url, message('tasks/result', { taskId }));
    await until(async () => JSON.stringify(await entries()).includes('tasks/result'));
    expect(await gateway.stop(3_600_000)).toBe(0);
    await gateway.close();
    expect(JSON.parse((await waiting).text)).toMatchObject({ id: 1, error: { code: -32_603 } });
  });
});
