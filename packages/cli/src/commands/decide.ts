import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Decision, type DecisionRequest, readStrict, validateRequest } from '@writ/decision';
import { connect } from '@writ/sdk';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readText } from '../compose/read-text.ts';
import { type ServiceOverrides, serviceFromConfig } from '../compose/service-from-config.ts';
import type { Service } from '../compose/service-options.ts';
import { startService } from '../compose/start-service.ts';
import { readConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { outcomeText } from '../present/outcome-text.ts';
import { showExplanation } from '../present/show-explanation.ts';

interface DecideOptions extends ServiceOverrides {
  readonly config?: string;
  readonly url?: string;
  readonly token?: string;
  readonly explain?: boolean;
}

/** `writ decide REQUEST`: one decision, with `--explain` each entrypoint's opinion. */
export function decideCommand(): Command {
  const command = new Command('decide')
    .description('Decide one request: by the policies here, or by a running service (--url)')
    .argument('<request>', 'file with a request as JSON; - is standard input')
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option(
      '--bundle <dir>',
      "policies, instead of the configuration's; may be repeated",
      (dir: string, before?: string[]) => [...(before ?? []), dir],
    )
    .option(
      '--data <dir>',
      'data directory to decide and record in (default: a temporary one, removed afterwards)',
    )
    .option('--url <url>', 'ask the service there')
    .option('--token <file>', 'file with the bearer token for that service')
    .option('--explain', "show each entrypoint's opinion; decides and records nothing")
    .addHelpText(
      'after',
      '\nExample:\n  npx writ decide --bundle examples/tutorial/bundle --explain examples/tutorial/requests/deny-amount.json\n\nStatus 0: the call may proceed. Status 1: it may not.',
    );
  return withAction(command, async ({ output }: CommandContext, file: string, options: DecideOptions) => {
    const request = readRequest(file);
    if (options.url !== undefined) return decideThere(output, request, options, options.url);
    return withService(options, async (service) => {
      if (options.explain !== true) return showDecision(output, await service.point.decide({ request }));
      return showExplanation(output, await service.point.explain({ request }));
    });
  });
}

function readRequest(file: string): DecisionRequest {
  const read = readStrict(readText(file));
  if (!read.ok)
    throw new CommandError(
      EXIT.badInput,
      `${file}:${read.line}:${read.column}: ${read.code}: ${read.message}`,
    );
  const valid = validateRequest(unwrapSample(read.value));
  if (valid.ok) return valid.value;
  const problems = valid.problems.map(
    ({ path, message }) => `${file}: ${path === '' ? 'request' : path}: ${message}`,
  );
  throw new CommandError(EXIT.badInput, problems.join('\n'));
}

/** Sample requests of a project stand beside what they expect: `{about, request, expect}`. */
function unwrapSample(value: unknown): unknown {
  const sample = value as { request?: unknown; expect?: unknown } | null;
  return typeof sample === 'object' && sample?.request !== undefined && sample.expect !== undefined
    ? sample.request
    : value;
}

async function decideThere(
  output: Output,
  request: DecisionRequest,
  options: DecideOptions,
  url: string,
): Promise<number> {
  if (options.explain === true)
    throw new CommandError(EXIT.usage, '--explain reads the policies here; leave --url out');
  const point = connect({
    url,
    ...(options.token === undefined ? {} : { token: readText(options.token).trim() }),
  });
  try {
    return showDecision(output, await point.decide({ request }));
  } finally {
    await point.close();
  }
}

async function withService(
  options: DecideOptions,
  use: (service: Service) => Promise<number>,
): Promise<number> {
  const temporary = options.data === undefined ? mkdtempSync(join(tmpdir(), 'writ-decide-')) : undefined;
  try {
    const made = serviceFromConfig(readConfig(options.config), {
      ...options,
      ...(temporary === undefined ? {} : { data: temporary }),
    });
    const { mcp: _, channels, ...rest } = made;
    const service = await startService({
      ...rest,
      // What is gone a moment later must ask nobody.
      ...(temporary !== undefined || channels === undefined ? {} : { channels }),
      api: { host: '127.0.0.1', port: 0, orFree: true },
      watch: false,
    });
    try {
      return await use(service);
    } finally {
      await service.close();
    }
  } finally {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

function showDecision(output: Output, decision: Decision): number {
  output.json(decision);
  output.line(`${outcomeText(output, decision.outcome)}  ${decision.reason}`);
  for (const reason of decision.reasons) {
    const folder = reason.bundle === undefined ? '' : `${reason.bundle}/`;
    const place = reason.file === undefined ? '' : `  ${folder}${reason.file}:${reason.row ?? 1}`;
    output.line(
      `  ${reason.code}${reason.message === undefined ? '' : `: ${reason.message}`}${reason.rule === undefined ? '' : `  ${reason.rule}`}${place}`,
    );
    if (reason.remediation !== undefined) output.line(`    ${reason.remediation}`);
  }
  if (decision.forwarded_args !== undefined)
    output.line(`  forwarded: ${JSON.stringify(decision.forwarded_args)}`);
  if (decision.approval !== undefined)
    output.line(`  approval: ${decision.approval.id} (${decision.approval.status})`);
  output.line(`  ${decision.decision_id}`);
  return decision.effect === 'proceed' ? EXIT.ok : EXIT.no;
}
