/**
 * `npm run soak -- NAME [--times N] [--in DIR]`: what is too slow for CI; one line of figures, status 1 names what missed.
 * With `--in` progress is kept there, and a run that was interrupted goes on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSkip, startOracle } from '@writ/testing';
import { fuzz } from '../packages/rego/test/fuzz/fuzz.ts';
import { differentialSoak } from './soak/differential.ts';
import { killLoop } from './soak/kill-loop.ts';
import { memorySoak } from './soak/memory.ts';
import { sharedLoad } from './soak/shared-load.ts';

interface SoakResult {
  readonly figures: string;
  /** Goals that were missed, each with what was found. */
  readonly missed: readonly string[];
}

interface Soak {
  readonly about: string;
  readonly times: number;
  run(times: number, folder: string | undefined): Promise<SoakResult>;
}

const SHOWN_MAX = 10;

const SOAKS: Readonly<Record<string, Soak>> = {
  'kill-9': {
    about: 'a service under HTTP load killed with SIGKILL, again and again: nothing acknowledged is missing',
    times: 1_000,
    async run(times, folder) {
      const report = await killLoop({
        times,
        onKill: (line) => console.log(`  ${line}`),
        ...(folder === undefined ? {} : { folder }),
      });
      const { kills, acknowledged, unanswered, entries, missing, faults } = report;
      return {
        figures: `${kills} kills, ${acknowledged} acknowledged, ${missing.length} missing, ${unanswered} unanswered, ${entries} entries verified`,
        missed: [
          ...(acknowledged === 0 ? ['nothing was acknowledged'] : []),
          ...missing.map((id) => `acknowledged decision ${id} is missing`),
          ...faults,
        ],
      };
    },
  },
  memory: {
    about: 'decisions in one process until the log has so many entries: its memory stays flat',
    times: 10_000_000,
    async run(entries, kept) {
      const folder = kept ?? mkdtempSync(join(tmpdir(), 'writ-soak-'));
      try {
        const report = await memorySoak({
          entries,
          folder,
          onProgress: (line) => console.log(`  ${line}`),
        });
        const of = (sample: typeof report.last): string =>
          sample === undefined ? '-' : `${sample.mebibytes.toFixed(0)} MiB at ${sample.entries}`;
        return {
          figures: `${report.entries} entries, ${of(report.first)}, ${of(report.last)}, ${report.perSecond.toFixed(0)}/s`,
          missed: report.faults,
        };
      } finally {
        if (kept === undefined) rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  shared: {
    about:
      'two guarding processes and a service on one data directory; the owner is killed, another takes over',
    times: 1,
    async run(times) {
      let figures = '';
      const missed: string[] = [];
      for (let round = 1; round <= times; round++) {
        const report = await sharedLoad({ seconds: 10 });
        const { acknowledged, missing, faults, exhausted, entries, unrecorded, afterTakeover, takeoverMs } =
          report;
        figures = `${acknowledged} acknowledged, ${missing.length} missing, ${unrecorded} unrecorded, ${entries} entries verified, ${exhausted} budgets used up and none overspent, ${afterTakeover} decided after the takeover, 200 within ${takeoverMs.toFixed(0)} ms`;
        if (times > 1) console.log(`  round ${round}: ${figures}`);
        missed.push(
          ...(exhausted === 0 ? ['no budget was used up, so nothing was shown of overspending'] : []),
          ...missing.map((id) => `acknowledged decision ${id} is missing`),
          ...faults,
        );
      }
      return { figures, missed };
    },
  },
};

const SOURCES_PER_ROUND = 10_000;

const MORE_SOAKS: Readonly<Record<string, Soak>> = {
  differential: {
    about: 'generated programs on the Rego engine and on the real OPA, 100,000 cases with each of ten seeds',
    times: 10,
    async run(times, folder) {
      const oracle = await startOracle();
      if (isSkip(oracle)) return { figures: `skipped: ${oracle.skip}`, missed: [] };
      const { cases, firstSeed, divergences } = await differentialSoak(oracle, {
        seeds: times,
        tell: (line) => console.log(`  ${line}`),
        ...(folder === undefined ? {} : { folder }),
      });
      await oracle.stop();
      return {
        figures: `${cases} cases, seeds from ${firstSeed}`,
        missed: Object.entries(divergences).map(([signature, count]) => `${count} × ${signature}`),
      };
    },
  },
  fuzz: {
    about: 'mutated Rego through lexer, parser, analysis, formatter and evaluator, 10,000 sources a round',
    times: 10,
    async run(times) {
      const seed = Date.now() % 1_000_000_007;
      const report = fuzz({
        seed,
        sources: SOURCES_PER_ROUND * times,
        timeMsMax: 5_000,
        progress: (line) => console.log(`  ${line}`),
      });
      const { sources, parsed, evaluated, slowestMs, faults } = report;
      return {
        figures: `${sources} sources, seed ${seed}: ${parsed} compiled, ${evaluated} evaluations, slowest ${slowestMs.toFixed(0)} ms`,
        missed: faults.map(({ message, text }) => `${message}: ${JSON.stringify(text)}`),
      };
    },
  },
};

const words = process.argv.slice(2);
const name = words.find(
  (word, index) => !word.startsWith('--') && !['--times', '--in'].includes(words[index - 1] ?? ''),
);
const folder = words.includes('--in') ? words[words.indexOf('--in') + 1] : undefined;
const asked = words.includes('--times') ? Number(words[words.indexOf('--times') + 1]) : undefined;
const all = { ...SOAKS, ...MORE_SOAKS };
const soak = name === undefined ? undefined : all[name];
if (
  name === undefined ||
  soak === undefined ||
  (asked !== undefined && !(Number.isInteger(asked) && asked > 0))
) {
  const list = Object.entries(all).map(
    ([key, { about, times }]) => `  ${key.padEnd(8)} ${about} (default: ${times} times)`,
  );
  console.error(`usage: npm run soak -- NAME [--times N] [--in DIR]\n${list.join('\n')}`);
  process.exit(words.length === 0 || name === undefined ? 0 : 64);
}

const { figures, missed } = await soak.run(asked ?? soak.times, folder);
for (const fault of missed.slice(0, SHOWN_MAX)) console.log(`  missed: ${fault}`);
console.log(
  `soak ${name}: ${figures}${missed.length === 0 ? '' : ` - MISSED: ${missed[0]}${missed.length > 1 ? ` and ${missed.length - 1} more` : ''}`}`,
);
process.exitCode = missed.length === 0 ? 0 : 1;
