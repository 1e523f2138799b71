import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { runWrit, temporaryFolder } from './support/run-writ.ts';

const POLICY = `package p

allow if {
	input.role == data.roles[_]
	input.n > 3
}
`;

function folder(): string {
  const path = temporaryFolder();
  writeFileSync(join(path, 'p.rego'), POLICY);
  writeFileSync(join(path, 'data.json'), '{"roles": ["a", "b"]}');
  return path;
}

describe('writ eval', () => {
  it('--partial prints what is left of a query', async () => {
    const ran = await runWrit(['eval', '--partial', '-d', folder(), '-f', 'source', 'data.p.allow']);
    expect(ran.stdout).toBe(
      '# Query 1\ninput.role = "a"; input.n > 3\n\n# Query 2\ninput.role = "b"; input.n > 3\n',
    );
  });

  it("--partial prints the trees of what is left in OPA's shape", async () => {
    const ran = await runWrit(['eval', '--partial', '-d', folder(), '--unknowns', 'input.n', 'data.p.allow']);
    // The known input is nothing at all: no role fits.
    expect(JSON.parse(ran.stdout)).toEqual({ partial: {} });
    const left = await runWrit(['eval', '--partial', 'input.x == 1']);
    expect(JSON.parse(left.stdout)).toMatchObject({
      partial: {
        queries: [[{ index: 0, terms: [{ value: [{ value: 'eq' }] }, {}, { type: 'number', value: 1 }] }]],
      },
    });
  });

  it('checks modules by a schema, strictly and by capabilities where it is told to', async () => {
    const path = folder();
    const schema = join(path, 'schema.json');
    writeFileSync(schema, '{"type": "object", "properties": {"n": {"type": "number"}}}');
    const ran = await runWrit(['eval', '-d', join(path, 'p.rego'), '--schema', schema, 'data.p.allow']);
    expect(ran.status).toBe(EXIT.badInput);
    expect(ran.stdout).toContain('undefined ref: input.role');
    const counted = await runWrit(['eval', '--count', '3', '--strict', '-f', 'raw', '1 + 1']);
    expect(counted.stdout).toBe('2\n');
  });

  it('refuses options that do not fit together', async () => {
    expect((await runWrit(['eval', '--unknowns', 'input', '1'])).status).toBe(EXIT.usage);
    expect((await runWrit(['eval', '--count', '0', '1'])).status).toBe(EXIT.usage);
    expect((await runWrit(['eval', '--partial', '-f', 'raw', '1'])).status).toBe(EXIT.usage);
  });
});
