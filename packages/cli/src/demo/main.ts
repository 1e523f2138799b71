import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LAYERS } from '@writ/decision';
import { hashToken } from '@writ/identity';
import { createRegoEngine } from '@writ/pdp';
import { showEvents, trustNote } from '../commands/serve.ts';
import type { Service, ServiceOptions } from '../compose/service-options.ts';
import { startService } from '../compose/start-service.ts';
import { waitForEnding } from '../compose/until-signal.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { type Output, processOutput } from '../output/output.ts';
import { prepareProcess } from '../prepare-process.ts';
import { createScratch, type Scratch } from './scratch.ts';
import { type Agent, connectAgent } from './scripted-agent.ts';
import { runTour } from './tour.ts';
import { type SeenDecision, watchPoint } from './watch-point.ts';

prepareProcess();

const HELP = `npm start [-- --exit]

A tour: an agent with a scripted model works through the official MCP client and Writ's gateway on a real MCP
server, and every outcome is shown. Afterwards the service stays up, for you to try.

  --exit   end after the tour: status 0 only if every call had the outcome that it should
  --help   this text`;

/** Calls that a session of the tour may make: enough for its acts, few enough to run out. */
const SESSION_CALLS = 12;

const { values } = parseArgs({ options: { exit: { type: 'boolean' }, help: { type: 'boolean' } } });
if (values.help === true) console.log(HELP);
else {
  const output = processOutput('pretty');
  const scratch = createScratch();
  // Whatever ends the process, an uncaught fault or an impatient second Ctrl-C: nothing stays behind.
  process.once('exit', () => scratch.remove());
  try {
    process.exitCode = await main(output, scratch, values.exit === true);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    output.note(`writ: ${error.message}`);
    process.exitCode = error.status;
  } finally {
    scratch.remove();
  }
}

async function main(output: Output, scratch: Scratch, exit: boolean): Promise<number> {
  const ending = waitForEnding();
  const stopping = new AbortController();
  const seen: SeenDecision[] = [];
  const token = `writ_${randomBytes(24).toString('base64url')}`;
  let service: Service | undefined;
  let agent: Agent | undefined;
  try {
    service = await startService(tourService(output, scratch, token, seen));
    showStart(output, service, scratch);
    agent = await connectAgent(service.mcpUrl ?? '', token);
    const tour = runTour({
      output,
      agent,
      scratch,
      takeSeen: () => seen.splice(0),
      signal: stopping.signal,
    });
    const wrong = await Promise.race([tour, ending.signal]);
    if (typeof wrong === 'string') {
      output.line('\nInterrupted; closing, the folders of the tour are removed.');
      stopping.abort();
      await agent.close();
      // What was under way fails now; it must be over before its folders go.
      await tour.catch(() => undefined);
      return 128 + constants.signals[wrong];
    }
    showVerdict(output, wrong);
    if (exit) return wrong.length === 0 ? EXIT.ok : EXIT.no;
    showNext(output, service, scratch, token);
    await ending.signal;
    output.line('\nClosing; the folders of the tour are removed.');
    return EXIT.ok;
  } finally {
    await agent?.close().catch(() => undefined);
    await service?.close();
    ending.dispose();
  }
}

function tourService(output: Output, scratch: Scratch, token: string, seen: SeenDecision[]): ServiceOptions {
  const fileServer = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/server-filesystem/dist/index.js',
  );
  const ana = {
    principal: { id: 'user:ana', kind: 'user' as const, scopes: ['files:read', 'files:write'] },
    actor: { id: 'agent:writer' },
  };
  return {
    dataDirectory: scratch.data,
    bundles: [...LAYERS, 'quota'].map((name) => ({
      kind: 'path' as const,
      path: join(scratch.policy, name),
      name,
    })),
    engine: createRegoEngine(),
    api: { host: '127.0.0.1', port: 8181, orFree: true },
    mcp: {
      host: '127.0.0.1',
      port: 8182,
      orFree: true,
      upstreams: [{ id: 'files', command: process.execPath, args: [fileServer, scratch.files] }],
    },
    identity: { providers: [], keys: [{ tokenHash: hashToken(token), ...ana }], folder: scratch.data },
    budgets: [{ name: 'calls', per: 'session', unit: 'requests', limit: SESSION_CALLS }],
    development: true,
    watch: true,
    events: showEvents(output),
    wrapPoint: (point) => watchPoint(point, (decision) => seen.push(decision)),
  };
}

function showStart(output: Output, service: Service, scratch: Scratch): void {
  output.line(
    output.style('bold', 'Writ decides what an agent may do, before it takes effect, and keeps the proof.'),
  );
  output.line();
  output.line('  agent     a scripted model (no language model, no account) with the official MCP client');
  output.line(`  gateway   ${service.mcpUrl ?? ''}`);
  output.line(`  server    @modelcontextprotocol/server-filesystem on ${scratch.files}`);
  output.line(
    `  policy    ${join(scratch.policy, 'resource/files.rego')}   and a bundle for each other layer`,
  );
  for (const { wanted, taken } of service.replacedPorts)
    output.line(`  Port ${wanted} is in use; took ${taken} instead.`);
}

function showVerdict(output: Output, wrong: readonly string[]): void {
  output.line();
  if (wrong.length === 0)
    output.line(`  ${output.style('green', '✓')} every call had the outcome that it should`);
  for (const problem of wrong) output.line(`  ${output.style('red', '✗')} ${problem}`);
}

function showNext(output: Output, service: Service, scratch: Scratch, token: string): void {
  const snippet = {
    mcpServers: {
      files: { type: 'http', url: service.mcpUrl, headers: { Authorization: `Bearer ${token}` } },
    },
  };
  const lines = [
    '',
    output.style('bold', 'Still running. Where everything is:'),
    `  decision API   ${service.apiUrl}/v1/decide   and, for clients of OPA, ${service.apiUrl}/v1/data/resource/files/decision`,
    `  MCP gateway    ${service.mcpUrl ?? ''}`,
    `  policy         ${join(scratch.policy, 'resource/files.rego')}   and data.json beside it`,
    `  record         ${scratch.data}`,
    '',
    'Point Claude Code (.mcp.json), Cursor (.cursor/mcp.json) or any MCP client at it:',
    JSON.stringify(snippet, null, 2).replaceAll(/^/gm, '  '),
    '',
    'Three things to try:',
    "  1. Save the policy's data.json with another `write_max`: it is in force at once, and the change is shown here.",
    `  2. See what was decided:   npx writ log tail --data ${scratch.data}`,
    '  3. Start your own:         npx writ init my-policy',
    '',
    trustNote(scratch.data),
    'Ctrl-C ends it.',
  ];
  for (const line of lines) output.line(line);
}
