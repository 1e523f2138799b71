import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { REPOSITORY, runWrit, temporaryFolder } from './support/run-writ.ts';

const EXAMPLE = join(REPOSITORY, 'examples/registry/bundle');
const REQUEST = join(REPOSITORY, 'examples/registry/requests/command-needs-a-person.json');

function fileWith(text: string): string {
  const file = join(temporaryFolder(), 'capabilities.yaml');
  writeFileSync(file, text);
  return file;
}

interface Explained {
  readonly resolution: { readonly kind: string };
  readonly facts: readonly { readonly field: string; readonly value: unknown; readonly why: string }[];
  readonly notes: readonly string[];
}

async function resolve(...flags: string[]): Promise<Explained & { readonly status: number | null }> {
  const { stdout, status } = await runWrit(['registry', 'resolve', EXAMPLE, ...flags, '--format', 'json']);
  return { ...(JSON.parse(stdout) as Explained), status };
}

describe('writ registry', () => {
  it('check finds nothing in the example, and says of a file what is wrong, where, and the way out', async () => {
    expect(await runWrit(['registry', 'check', EXAMPLE])).toMatchObject({
      status: EXIT.ok,
      stdout: '3 capabilities: nothing is wrong\n',
    });
    const file = fileWith(
      [
        'capabilities:',
        '  - id: a',
        '    adapter: cli',
        '    tools: { allow: [shell] }',
        '    programs: { allow: [git, "git log"] }',
        '  - id: b',
        '    adapter: mcpp',
        '    tools: { allow: [x] }',
      ].join('\n'),
    );
    const first = await runWrit(['registry', 'check', file]);
    expect(first.status).toBe(EXIT.no);
    expect(first.stdout).toContain(`${file}:7:14`);
    expect(first.stdout).toContain('did you mean `mcp`?');
    const mended = fileWith(
      'capabilities:\n  - id: a\n    adapter: cli\n    tools: { allow: [shell] }\n    programs: { allow: [git, "git log"] }\n',
    );
    const second = await runWrit(['registry', 'check', mended]);
    expect(second.stdout).toContain('`git log` changes nothing: `git` means all of it');
    expect(second.stdout).toContain(`${mended}:5:30`);
  });

  it('check finds what two bundles both describe', async () => {
    const one = fileWith('capabilities: [{ id: a, adapter: mcp, tools: { allow: [x] } }]');
    const two = fileWith('capabilities: [{ id: b, adapter: mcp, tools: { allow: [x] } }]');
    const both = await runWrit(['registry', 'check', one, two, '--format', 'json']);
    expect(JSON.parse(both.stdout)).toMatchObject({ ok: false, problems: [{ code: 'registry_conflict' }] });
  });

  it('show lists adapter, tools, step-up and rates', async () => {
    const { stdout } = await runWrit(['registry', 'show', EXAMPLE]);
    expect(stdout).toMatch(
      /tool\.highrisk\.cli +cli +execute_shell file_write database_query +human_approval/,
    );
    expect(stdout).toContain('30 requests, 100000 tokens a minute per tenant');
    const json = await runWrit(['registry', 'show', EXAMPLE, '--format', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      capabilities: [{ id: 'model.groq.openai_compat' }, { adapter: 'mcp' }, { step_up: 'human_approval' }],
    });
  });

  it('resolve says what a call is and why, however it is described', async () => {
    const command = await resolve('--tool', 'execute_shell', '--command', 'cat a > /etc/b', '--cwd', '/srv');
    expect(command.status).toBe(EXIT.ok);
    expect(command.facts.map(({ field }) => field)).toEqual([
      ...[
        'capability',
        'adapter',
        'authorization',
        'operation',
        'resources',
        'resources',
        'resources',
        'step_up',
      ],
    ]);
    const model = await resolve('--model', 'groq/llama');
    expect(model.facts[0]).toEqual({
      field: 'capability',
      value: 'model.groq.openai_compat',
      why: '`groq/llama` fits `groq/*` (bundle `registry`)',
    });
    const file = await resolve('--request', REQUEST);
    expect(file.facts[0]).toMatchObject({ value: 'tool.highrisk.cli' });
    const http = await resolve('--url', 'https://api.example/x', '--method', 'POST');
    expect(http).toMatchObject({ status: EXIT.no, resolution: { kind: 'undescribed' } });
  });

  it('resolve says why nothing is known, and what the registry itself refuses', async () => {
    const near = await resolve('--tool', 'web_serch');
    expect(near.notes).toContain('did you mean `web_search`?');
    expect(near.status).toBe(EXIT.no);
    const hidden = await resolve('--tool', 'execute_shell', '--command', 'eval x');
    expect(hidden.notes.join()).toContain('command_not_understood');
    expect(hidden.status).toBe(EXIT.no);
  });

  it('resolve without a call, or with one that several tools could mean, says what to add', async () => {
    const none = await runWrit(['registry', 'resolve', EXAMPLE]);
    expect(none).toMatchObject({ status: EXIT.usage });
    expect(none.stderr).toContain('--tool, --command, --url');
    const several = await runWrit(['registry', 'resolve', EXAMPLE, '--command', 'ls']);
    expect(several).toMatchObject({ status: EXIT.usage });
    expect(several.stderr).toContain('one of execute_shell, file_write, database_query');
  });
});
