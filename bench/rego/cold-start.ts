import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilePolicy } from '@writ/rego';
import { rolldown } from 'rolldown';
import { type Ground, REPOSITORY } from '../first-light/section.ts';
import { type Figure, spreadOf } from '../measure.ts';
import { tutorialCase } from './cases.ts';
import { sourcesOf } from './engine.ts';
import { writeCase } from './rivals.ts';

const REPEATS = 5;

/** A script with all that it imports, as programs are shipped. */
async function bundled(ground: Ground, name: string, text: string): Promise<string> {
  const entry = join(ground.folder, `${name}.entry.mjs`);
  writeFileSync(entry, text);
  const build = await rolldown({
    input: entry,
    platform: 'node',
    logLevel: 'silent',
    resolve: {
      alias: {
        '@writ/rego/runtime': join(REPOSITORY, 'packages/rego/src/runtime.ts'),
        '@writ/rego': join(REPOSITORY, 'packages/rego/src/index.ts'),
      },
    },
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  const file = join(ground.folder, `${name}.mjs`);
  writeFileSync(file, output[0].code);
  return file;
}

/** From the start of a process to its first decision on the tutorial's policy, and its end. */
export async function coldStart(ground: Ground, opa: string | undefined): Promise<readonly Figure[]> {
  const one = tutorialCase();
  const [input] = one.inputs;
  const sources = sourcesOf(one);
  const path = JSON.stringify(one.path);
  const decide = `console.log(JSON.stringify(policy.prepare(${path}).evaluate(${JSON.stringify(input)}).value));`;
  const empty = join(ground.folder, 'empty.mjs');
  writeFileSync(empty, '');
  const compiling = `import { compilePolicy } from '@writ/rego';
const { policy } = compilePolicy(${JSON.stringify(sources)});
${decide}`;
  const module = compilePolicy(sources).policy!.writeModule().text!;
  const commands: Record<string, readonly [string, readonly string[]]> = {
    'Node alone': [process.execPath, [empty]],
    'the engine compiles and decides': [process.execPath, [await bundled(ground, 'engine', compiling)]],
    'a module compiled ahead of time decides': [
      process.execPath,
      [await bundled(ground, 'module', `${module}${decide}`)],
    ],
  };
  if (opa !== undefined) {
    const file = join(ground.folder, 'input.json');
    writeFileSync(file, JSON.stringify(input));
    const [policy = ''] = writeCase(ground, one);
    const query = `data.${one.path.replaceAll('/', '.')}`;
    commands['opa eval'] = [opa, ['eval', '--data', policy, '--input', file, query]];
  }
  const samples = new Map<string, number[]>();
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const [name, [command, args]] of Object.entries(commands)) {
      const start = performance.now();
      execFileSync(command, args, { stdio: 'pipe' });
      const known = samples.get(name) ?? [];
      samples.set(name, [...known, performance.now() - start]);
    }
  }
  return Array.from(samples, ([name, millis]): Figure => {
    const spread = spreadOf(millis);
    return { name: `cold start: ${name}`, value: spread.median, unit: 'ms', spread };
  });
}
