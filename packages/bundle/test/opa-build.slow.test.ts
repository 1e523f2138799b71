import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOpa } from '@writ/testing';
import { expect, it } from 'vitest';
import { readTarball, writeArchive } from '../src/index.ts';
import { bundleOf, makeFolder, POLICY } from './bundle-fixture.ts';

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

it.skipIf(opa.binary === '')(
  `reads what \`opa build\` packs, and packs what OPA reads${opa.note}`,
  async () => {
    const manifest = {
      revision: 'r1',
      roots: ['agent', 'limits'],
      metadata: { writ: { entrypoints: [{ path: 'agent/tools/allow', kind: 'grant' }] } },
    };
    const files = {
      'p.rego': POLICY,
      'limits/data.json': '{"amount": 3}',
      '.manifest': JSON.stringify(manifest),
    };
    const folder = makeFolder(files);
    execFileSync(opa.binary, ['build', '--bundle', folder, '--output', 'built.tar.gz'], { cwd: folder });
    const bundle = bundleOf(await readTarball(join(folder, 'built.tar.gz'), { name: 'built' }));
    expect(bundle).toMatchObject({
      revision: 'r1',
      data: { limits: { amount: 3 } },
      roots: ['agent', 'limits'],
    });
    expect(bundle.entrypoints.map(({ path }) => path)).toEqual(['agent/tools/allow']);
    expect(bundle.modules.map(({ package: path }) => path)).toEqual(['agent/tools']);

    const packed = makeFolder({});
    writeFileSync(
      join(packed, 'ours.tar.gz'),
      writeArchive(Object.entries(files).map(([path, text]) => ({ path, text }))),
    );
    const read = execFileSync(
      opa.binary,
      ['eval', '--bundle', 'ours.tar.gz', '--format', 'raw', 'data.limits.amount'],
      { cwd: packed, encoding: 'utf8' },
    );
    expect(read.trim()).toBe('3');
  },
);
