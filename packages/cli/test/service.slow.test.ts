import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyAndAlter } from '../src/demo/tamper.ts';
import { EXIT } from '../src/index.ts';
import { eventually, REPOSITORY, runWrit, temporaryFolder } from './support/run-writ.ts';
import { ask, decideOver, startWrit } from './support/start-writ.ts';
import { callOf, starterProject } from './support/starter.ts';

const SEARCH = callOf('search', { q: 'x' }, ['read']);
const MAIL_OUT = callOf('send_email', { to: 'a@else.example' }, ['write']);
const FREE = ['--addr', '127.0.0.1:0'];

function childrenOf(pid: number): string[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n');
  } catch {
    return [];
  }
}

describe('approvals', () => {
  it('[P-OPERATOR-ONLY] are listed, approved and denied with the operator credential only', async () => {
    const { folder, data } = starterProject();
    const service = await startWrit(FREE, { cwd: folder });
    const writ = (...args: string[]) => runWrit([...args, '--format', 'json'], { cwd: folder });
    const asked = await decideOver(service.api, MAIL_OUT);
    expect(asked.body).toMatchObject({
      outcome: 'escalate',
      effect: 'refuse',
      reason: 'mail_leaves_the_company',
    });
    const { id } = asked.body['approval'] as { id: string };

    const wrong = join(temporaryFolder(), 'wrong.token');
    writeFileSync(wrong, 'writ_guess\n');
    for (const command of [
      ['approvals', 'list'],
      ['approvals', 'approve', id],
      ['halt', '--all'],
      ['log', 'tail'],
    ]) {
      const refused = await writ(...command, '--token', wrong);
      expect([command[0], refused.status]).toEqual([command[0], EXIT.notPermitted]);
    }
    const bare = await fetch(`${service.api}/v1/approvals/${id}/approve`, { method: 'POST' });
    expect(bare.status).toBe(401);

    const listed = await writ('approvals', 'list');
    expect(JSON.parse(listed.stdout)).toMatchObject({
      approvals: [{ id, status: 'pending', action: { args: { to: 'a@else.example' } } }],
    });
    const shown = await runWrit(['approvals', 'list', '--data', data]);
    expect(shown.stdout).toContain(id);
    expect(shown.stdout).toContain('a@else.example');
    expect(JSON.parse((await writ('approvals', 'approve', id, '--comment', 'fine')).stdout)).toMatchObject({
      status: 'approved',
    });
    const resumed = { request: MAIL_OUT, approval_id: id };
    expect((await ask(service.api, resumed)).body).toMatchObject({ outcome: 'allow', effect: 'proceed' });
    expect((await ask(service.api, resumed)).body).toMatchObject({
      outcome: 'deny',
      reason: 'approval_used',
    });
    const again = await decideOver(service.api, MAIL_OUT);
    expect(again.body['outcome']).toBe('escalate');
    const second = (again.body['approval'] as { id: string }).id;
    expect(second).not.toBe(id);
    expect(JSON.parse((await writ('approvals', 'deny', second)).stdout)).toMatchObject({ status: 'denied' });
    expect((await ask(service.api, { request: MAIL_OUT, approval_id: second })).body).toMatchObject({
      outcome: 'deny',
      reason: 'human_rejected',
    });

    const granted = await writ(
      ...['approvals', 'grant', '--principal', MAIL_OUT.principal.id, '--actor', MAIL_OUT.actor.id],
      ...['--tool', MAIL_OUT.action.tool, '--code', 'mail_leaves_the_company', '--any-arguments'],
      ...['--uses', '1', '--for', '1h', '--comment', 'a newsletter'],
    );
    const standing = JSON.parse(granted.stdout) as { id: string };
    expect(standing).toMatchObject({ status: 'active', uses: 1, used: 0 });
    expect((await decideOver(service.api, MAIL_OUT)).body['outcome']).toBe('allow');
    expect((await decideOver(service.api, MAIL_OUT)).body['outcome']).toBe('escalate');
    expect(JSON.parse((await writ('approvals', 'revoke', standing.id)).stdout)).toMatchObject({
      status: 'revoked',
    });
    expect((await runWrit(['approvals', 'standing', '--data', data])).stdout).toContain('No standing');
    const guessed = await writ('approvals', 'approve', '--group', 'none', '--count', '3');
    expect(guessed.stderr).toContain('0 calls of group');
    // An id beside a group would be left out unsaid.
    const both = await writ('approvals', 'approve', 'apr-none', '--group', 'none', '--count', '0');
    expect([both.status, both.stderr]).toEqual([
      EXIT.usage,
      expect.stringMatching(/1 id is named beside `--group`.*nothing was done/s),
    ]);
    expect((await writ('approvals', 'approve', 'apr-none')).status).toBe(EXIT.no);
    expect((await writ('approvals', 'list', '--status', 'pendign')).stderr).toContain('pending');
    expect(JSON.parse((await writ('approvals', 'list', '--status', 'all')).stdout).approvals).toHaveLength(3);
    expect(await service.stop()).toBe(EXIT.ok);
  });
});

describe('a halt', () => {
  it('[P-HALT] stops an agent until it is lifted', async () => {
    const { folder } = starterProject();
    const service = await startWrit(FREE, { cwd: folder });
    const writ = (...args: string[]) => runWrit(args, { cwd: folder });
    const outcome = async () => (await decideOver(service.api, SEARCH)).body['reason'];
    expect(await outcome()).toBe('ok');
    expect((await writ('halt', '--actor', 'agent:dev', '--reason', 'looping')).stdout).toContain(
      'Halted: actor agent:dev',
    );
    expect(await outcome()).toBe('halted');
    expect((await writ('halt', '--actor', 'agent:dev', '--lift')).stdout).toContain(
      'Lifted: actor agent:dev',
    );
    expect(await outcome()).toBe('ok');
    expect(JSON.parse((await writ('halt', '--all', '--format', 'json')).stdout)).toBeTypeOf('object');
    expect(await outcome()).toBe('halted');
    await writ('halt', '--all', '--lift');
    expect(await outcome()).toBe('ok');
  });
});

describe('the record', () => {
  it('[P-LOG-TAMPER-EVIDENT] is shown, verifies, and names the entry of which one byte changed', async () => {
    const { folder, data } = starterProject();
    const service = await startWrit(FREE, { cwd: folder });
    const id = (await decideOver(service.api, callOf('rm', {}, []))).body['decision_id'] as string;
    for (let calls = 0; calls < 5; calls++) await decideOver(service.api, SEARCH);
    const writ = (...args: string[]) => runWrit(args, { cwd: folder });

    const tail = await writ('log', 'tail', '-n', '3', '--format', 'json');
    expect(JSON.parse(tail.stdout).entries).toHaveLength(3);
    expect((await writ('log', 'tail')).stdout).toContain('tool_not_listed');
    const shown = await writ('log', 'show', id, '--format', 'json');
    expect(JSON.parse(shown.stdout).entries[0]).toMatchObject({ core: { decision_id: id } });
    expect((await writ('log', 'show', 'dec-none')).status).toBe(EXIT.no);
    expect((await writ('log', 'tail', '-n', 'x')).status).toBe(EXIT.usage);

    const seen = join(folder, 'seen');
    const verify = (directory: string) =>
      writ('log', 'verify', '--data', directory, '--seen', seen, '--format', 'json');
    await eventually('every entry is signed', async () => {
      const ran = await verify(data);
      expect(ran.status).toBe(EXIT.ok);
      return JSON.parse(ran.stdout).uncheckpointed === 0 ? true : undefined;
    });
    expect((await writ('log', 'verify', '--data', data, '--seen', seen)).stdout).toMatch(
      /verified: \d+ entries.*continues what was seen before/,
    );
    expect(await service.stop()).toBe(EXIT.ok);
    expect((await verify(data)).status).toBe(EXIT.ok);

    const copy = join(folder, 'copy');
    const { entry } = copyAndAlter(data, copy, 'tool_not_listed');
    const altered = await writ('log', 'verify', '--data', copy, '--seen', seen);
    expect(altered.status).toBe(EXIT.no);
    expect(altered.stdout).toMatch(new RegExp(`entry ${entry} \\(${id}\\)`));
    expect(altered.stdout).toContain('NOT verified');
    expect((await verify(join(folder, 'nothing'))).status).toBe(EXIT.badInput);
  });
});

describe('serving', () => {
  it('takes a saved policy at once, and keeps the last good one', async () => {
    const { folder, policy } = starterProject();
    const service = await startWrit(FREE, { cwd: folder });
    const reason = async () => (await decideOver(service.api, SEARCH)).body['reason'];
    const good = readFileSync(policy, 'utf8');
    expect(await reason()).toBe('ok');

    writeFileSync(policy, good.replace('"reason": "ok"', '"reason": "fine"'));
    await eventually('the new policy decides', async () => ((await reason()) === 'fine' ? true : undefined));
    expect(service.notes()).toContain('policy changed, in force now');
    expect(service.notes()).toMatch(/\+.*"reason": "fine"/);

    writeFileSync(policy, `${good}\nbroken := \n`);
    await eventually('the refusal is shown', () =>
      service.notes().includes('policy refused, the last good one stays in force') ? true : undefined,
    );
    expect(service.notes()).toMatch(/policy\.rego:\d+/);
    expect(await reason()).toBe('fine');

    writeFileSync(policy, good);
    await eventually('the mended policy decides', async () => ((await reason()) === 'ok' ? true : undefined));
  });

  it('[P-OBSERVE] says loudly that it only observes, and keeps the true verdict', async () => {
    const { folder } = starterProject();
    writeFileSync(join(folder, 'writ.yaml'), 'bundles: [{ name: main, directory: policy }]\nmode: observe\n');
    const service = await startWrit(FREE, { cwd: folder });
    await eventually('a warning', () => (service.notes().includes('OBSERVE MODE') ? true : undefined));
    const unlisted = { ...SEARCH, action: { ...SEARCH.action, tool: 'rm' } };
    expect((await decideOver(service.api, unlisted)).body).toMatchObject({
      outcome: 'deny',
      effect: 'proceed',
    });
  });

  it('[P-NAMED-ADDRESS] takes no other port where the configured one is in use', async () => {
    const first = starterProject();
    const second = starterProject();
    const one = await startWrit(FREE, { cwd: first.folder });
    const port = new URL(one.api).port;
    writeFileSync(
      join(second.folder, 'writ.yaml'),
      `bundles: [{ name: main, directory: policy }]\nlisten: { api: "127.0.0.1:${port}" }\n`,
    );
    const refused = await runWrit(['serve'], { cwd: second.folder });
    expect(refused.status).toBe(EXIT.unavailable);
    expect(refused.stderr).toContain(`port ${port} of 127.0.0.1 is in use`);
  });

  it('[P-POINT-AUTHENTICATED] needs a credential of whoever asks, once enforcement points are listed', async () => {
    const { folder } = starterProject();
    const token = 'writ_point-token';
    const hash = createHash('sha256').update(token).digest('hex');
    const config = `points: [{ id: front, token_hash: "sha256:${hash}", principals: ["user:me"] }]\n`;
    writeFileSync(join(folder, 'writ.yaml'), `bundles: [{ name: main, directory: policy }]\n${config}`);
    const service = await startWrit(FREE, { cwd: folder });
    expect(await decideOver(service.api, SEARCH)).toMatchObject({ status: 401 });
    expect(await decideOver(service.api, SEARCH, { authorization: 'Bearer writ_other' })).toMatchObject({
      status: 401,
    });
    const authorization = `Bearer ${token}`;
    expect(await decideOver(service.api, SEARCH, { authorization })).toMatchObject({
      status: 200,
      body: { outcome: 'allow' },
    });
    const other = { ...SEARCH, principal: { id: 'user:boss', scopes: ['read'] } };
    expect((await decideOver(service.api, other, { authorization })).body).not.toMatchObject({
      effect: 'proceed',
    });

    const request = join(folder, 'requests/search.json');
    const file = join(folder, 'point.token');
    writeFileSync(file, `${token}\n`);
    expect((await runWrit(['decide', '--url', service.api, '--token', file, request])).status).toBe(EXIT.ok);
    expect((await runWrit(['decide', '--url', service.api, request])).status).not.toBe(EXIT.ok);
  });

  it('answers for a folder without a manifest where --entrypoint says what may be asked', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'authz.rego'),
      'package agent.authz\n\ndefault allow := false\n\nallow if input.action.tool == "search"\n',
    );
    const data = join(folder, 'data');
    const service = await startWrit([
      ...FREE,
      '--bundle',
      folder,
      '--entrypoint',
      'agent/authz/allow',
      '--data',
      data,
    ]);
    expect((await decideOver(service.api, SEARCH)).body).toMatchObject({ outcome: 'allow' });
    expect((await decideOver(service.api, callOf('rm', {}, []))).body).toMatchObject({
      outcome: 'deny',
      reason: 'no_grant',
    });
    const asked = await fetch(`${service.api}/v1/data/agent/authz/allow`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: SEARCH }),
    });
    expect(await asked.json()).toMatchObject({ result: true });
  });

  it('shares its data with a second service, which is a client of the first', async () => {
    const { folder, data } = starterProject();
    const one = await startWrit(FREE, { cwd: folder });
    const two = await startWrit(FREE, { cwd: folder });
    expect([one.role, two.role]).toEqual(['owner', 'client']);
    const ids = await Promise.all(
      [one, two, one, two].map(
        async ({ api }) => (await decideOver(api, SEARCH)).body['decision_id'] as string,
      ),
    );
    const { entries } = JSON.parse(
      (await runWrit(['log', 'tail', '--data', data, '--format', 'json'])).stdout,
    );
    const recorded = (entries as { core: { decision_id?: string } }[]).map(({ core }) => core.decision_id);
    expect(recorded).toEqual(expect.arrayContaining(ids));
    // The second one's end must not make the first one unknown, nor the other way round.
    expect(await two.stop()).toBe(EXIT.ok);
    expect((await runWrit(['log', 'tail', '--data', data])).status).toBe(EXIT.ok);
    const three = await startWrit(FREE, { cwd: folder });
    expect(await one.stop()).toBe(EXIT.ok);
    await eventually('the one that is left decides', async () =>
      (await decideOver(three.api, SEARCH)).body['outcome'] === 'allow' ? true : undefined,
    );
    expect((await runWrit(['log', 'tail', '--data', data])).status).toBe(EXIT.ok);
    expect(await three.stop()).toBe(EXIT.ok);
    expect(readdirSync(data).filter((name) => name.startsWith('service'))).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'ends cleanly by %s: no announcement, no socket, no child',
    async (signal) => {
      const { folder, data } = starterProject();
      const server = join(REPOSITORY, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js');
      const upstream = JSON.stringify({ files: { command: process.execPath, args: [server, folder] } });
      writeFileSync(
        join(folder, 'writ.yaml'),
        `bundles: [{ name: main, directory: policy }]\nupstreams: ${upstream}\nanonymous: { principal: { id: "user:me" }, actor: { id: "agent:dev" } }\n`,
      );
      const service = await startWrit([...FREE, '--mcp-addr', '127.0.0.1:0'], { cwd: folder });
      await fetch(service.mcp ?? '', { method: 'POST', signal: AbortSignal.timeout(10_000) }).catch(
        () => undefined,
      );
      expect(existsSync(join(data, 'service.json'))).toBe(true);
      const children = childrenOf(service.pid);
      // Twice at once, as a terminal and npm together deliver it.
      service.child.kill(signal);
      expect(await service.stop(signal)).toBe(EXIT.ok);
      expect(readdirSync(data).filter((name) => /^service|\.sock$/.test(name))).toEqual([]);
      for (const pid of children) expect(() => process.kill(Number(pid), 0)).toThrow();
      const restarted = await startWrit(FREE, { cwd: folder });
      expect(restarted.notes()).not.toContain('Repaired');
    },
  );

  it('says what a process that was killed left, and how it was repaired', async () => {
    const { folder, data } = starterProject();
    const killed = await startWrit(FREE, { cwd: folder });
    const id = (await decideOver(killed.api, SEARCH)).body['decision_id'];
    await killed.stop('SIGKILL');
    expect((await runWrit(['log', 'tail', '--data', data])).stderr).toContain('no service runs on');
    const service = await startWrit(FREE, { cwd: folder });
    await eventually('the notes are out', () => (service.notes().includes('Note:') ? true : undefined));
    expect(service.notes()).toMatch(
      /Repaired: the last process did not close; nothing that it acknowledged was lost: \d+ committed frames recovered/,
    );
    const shown = await runWrit(['log', 'show', String(id), '--data', data]);
    expect(shown.status).toBe(EXIT.ok);
  });
});
