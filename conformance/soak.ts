/** `npm run soak -- NAME [--times N]`: what is too slow for CI; one line of figures, status 1 names what missed. */
import { killLoop } from './soak/kill-loop.ts';
import { sharedLoad } from './soak/shared-load.ts';

interface SoakResult {
  readonly figures: string;
  /** Goals that were missed, each with what was found. */
  readonly missed: readonly string[];
}

interface Soak {
  readonly about: string;
  readonly times: number;
  run(times: number): Promise<SoakResult>;
}

const SHOWN_MAX = 10;

const SOAKS: Readonly<Record<string, Soak>> = {
  'kill-9': {
    about: 'a service under HTTP load killed with SIGKILL, again and again: nothing acknowledged is missing',
    times: 50,
    async run(times) {
      const report = await killLoop({ times, onKill: (line) => console.log(`  ${line}`) });
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

const words = process.argv.slice(2);
const name = words.find((word, index) => !word.startsWith('--') && words[index - 1] !== '--times');
const asked = words.includes('--times') ? Number(words[words.indexOf('--times') + 1]) : undefined;
const soak = name === undefined ? undefined : SOAKS[name];
if (
  name === undefined ||
  soak === undefined ||
  (asked !== undefined && !(Number.isInteger(asked) && asked > 0))
) {
  const list = Object.entries(SOAKS).map(
    ([key, { about, times }]) => `  ${key.padEnd(8)} ${about} (default: ${times} times)`,
  );
  console.error(`usage: npm run soak -- NAME [--times N]\n${list.join('\n')}`);
  process.exit(words.length === 0 || name === undefined ? 0 : 64);
}

const { figures, missed } = await soak.run(asked ?? soak.times);
for (const fault of missed.slice(0, SHOWN_MAX)) console.log(`  missed: ${fault}`);
console.log(
  `soak ${name}: ${figures}${missed.length === 0 ? '' : ` - MISSED: ${missed[0]}${missed.length > 1 ? ` and ${missed.length - 1} more` : ''}`}`,
);
process.exitCode = missed.length === 0 ? 0 : 1;
