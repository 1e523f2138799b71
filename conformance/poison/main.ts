/**
 * What `writ mcp pin` finds in texts of a published corpus of injections, each taken for the description of a tool: hits,
 * misses and false alarms. The corpus is PyPI's `bastioncorpus` (MIT), installed for the run and not kept here.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { definitionFindings } from '@writ/gateway';
import { findPython } from '@writ/testing';

const PACKAGE = 'bastioncorpus==0.6.0';
/** No fewer hits than when this was last looked at, and no false alarm. */
const HITS_LEAST = 37;
const FALSE_MOST = 0;

interface Row {
  readonly category: string;
  readonly label: 'malicious' | 'benign';
  readonly text: string;
}

interface Count {
  hits: number;
  misses: number;
  falseAlarms: number;
  quiet: number;
}

const found = await findPython([PACKAGE], join(import.meta.dirname, '../../node_modules/.cache/writ'));
if ('skip' in found) {
  console.log(`skipped: ${found.skip}`);
  process.exit(0);
}
const where = 'import bastioncorpus, pathlib; print(pathlib.Path(bastioncorpus.__file__).parent)';
const folder = execFileSync(found.python, ['-c', where], { encoding: 'utf8' }).trim();
const rows = readFileSync(join(folder, 'corpus/injections.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row);

const counts = new Map<string, Count>();
for (const { category, label, text } of rows) {
  const count = counts.get(category) ?? { hits: 0, misses: 0, falseAlarms: 0, quiet: 0 };
  counts.set(category, count);
  const findings = definitionFindings({ name: 'tool', description: text, inputSchema: { type: 'object' } });
  if (label === 'malicious') count[findings.length > 0 ? 'hits' : 'misses'] += 1;
  else count[findings.length > 0 ? 'falseAlarms' : 'quiet'] += 1;
  if (label === 'malicious' && findings.length === 0 && process.argv.includes('--misses'))
    console.log(`  missed (${category}): ${JSON.stringify(text)}`);
}
const sum = (member: keyof Count): number =>
  [...counts.values()].reduce((total, count) => total + count[member], 0);
for (const [category, { hits, misses, falseAlarms, quiet }] of [...counts].sort())
  console.log(
    `  ${category.padEnd(24)} ${hits} hits, ${misses} misses, ${falseAlarms} false of ${falseAlarms + quiet}`,
  );
const missed = sum('hits') < HITS_LEAST || sum('falseAlarms') > FALSE_MOST;
console.log(
  `conformance poison: ${PACKAGE}: ${sum('hits')} of ${sum('hits') + sum('misses')} found, ` +
    `${sum('falseAlarms')} false alarms among ${sum('falseAlarms') + sum('quiet')}${missed ? ' - MISSED' : ''}`,
);
process.exitCode = missed ? 1 : 0;
