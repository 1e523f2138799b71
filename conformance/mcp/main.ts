/**
 * `npm run conformance -- mcp`: the official conformance suite against the fixture alone and through the gateway, in
 * both eras, for servers and for clients. Prints the counts beside each other; status 1 where they differ, or where the
 * fixture itself does not conform.
 */
import { join } from 'node:path';
import { startFixture } from './fixture-server.ts';
import { openGateway } from './open-gateway.ts';
import { countsOf, type Finding, REVISIONS, type Revision, runSuite, summary } from './suite.ts';

/**
 * Scenarios for clients that are about the protocol. The others are about a client's own OAuth: a gateway has its own
 * credentials for each server, and passes nobody else's on.
 */
const CLIENT_SCENARIOS: Readonly<Record<Revision, readonly string[]>> = {
  '2025-11-25': [
    'initialize',
    'tools_call',
    'elicitation-sep1034-client-defaults',
    'sse-retry',
    'json-schema-2020-12-preservation',
  ],
  '2026-07-28': [
    'tools_call',
    'request-metadata',
    'sep-2322-client-request-state',
    'http-standard-headers',
    'http-custom-headers',
    'http-invalid-tool-headers',
    'json-schema-ref-no-deref',
    'json-schema-2020-12-preservation',
  ],
};

/** What may differ, and why. */
const EXPECTED: readonly { readonly begins: string; readonly why: string }[] = [
  {
    begins: 'server-tasks-',
    why: 'the fixture keeps no tasks, the gateway does for every server; the extension is not scored',
  },
  {
    begins: 'request-metadata sep-2575-client-declares-',
    why: 'lists are asked for on behalf of the gateway, which can be asked nothing',
  },
];

let differences = 0;

function compare(title: string, alone: readonly Finding[], through: readonly Finding[]): void {
  const [before, after] = [countsOf(alone), countsOf(through)];
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  const all = keys.filter((key) => before.get(key) !== after.get(key));
  const different = all.filter((key) => !EXPECTED.some(({ begins }) => key.startsWith(begins)));
  const same = different.length === 0 && alone.length > 0;
  console.log(`${title}\n  alone    ${summary(alone)}\n  through  ${summary(through)}`);
  for (const { begins, why } of EXPECTED) {
    const count = all.filter((key) => key.startsWith(begins)).length;
    if (count > 0) console.log(`  expected: ${count} counts of ${begins}… differ: ${why}`);
  }
  for (const key of different) {
    console.log(`  differs: ${key}: alone ${before.get(key) ?? 0}, through ${after.get(key) ?? 0}`);
    const found = through.find(({ scenario, check, status }) => `${scenario} ${check} ${status}` === key);
    if (found?.message !== undefined) console.log(`    ${found.message.slice(0, 300)}`);
  }
  if (!same) differences += 1;
}

async function compareServers(): Promise<void> {
  const fixture = await startFixture();
  const gateway = await openGateway(fixture.url);
  try {
    for (const revision of REVISIONS) {
      const run = (url: string) => runSuite(['server', '--url', url, '--requirements', revision]);
      compare(`server ${revision}`, await run(fixture.url), await run(gateway.url));
    }
  } finally {
    await gateway.close();
    await fixture.close();
  }
}

async function compareClients(): Promise<void> {
  const program = `${process.execPath} ${join(import.meta.dirname, 'client.ts')}`;
  for (const revision of REVISIONS) {
    const run = async (command: string): Promise<Finding[]> => {
      const found: Finding[] = [];
      for (const scenario of CLIENT_SCENARIOS[revision]) {
        const words = ['client', '--command', command, '--scenario', scenario, '--spec-version', revision];
        found.push(...(await runSuite(words)).map((finding) => ({ ...finding, scenario })));
      }
      return found;
    };
    compare(`client ${revision}`, await run(program), await run(`${program} through`));
  }
}

const startedAtMs = performance.now();
const only = process.argv[2];
if (only !== 'client') await compareServers();
if (only !== 'server') await compareClients();
console.log(
  `conformance mcp: ${differences === 0 ? 'the same counts through the gateway' : `MISSED: ${differences} of the comparisons differ`}, ${Math.round((performance.now() - startedAtMs) / 1000)} s`,
);
process.exitCode = differences === 0 ? 0 : 1;
