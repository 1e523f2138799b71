import type { Approval } from '@writ/decision';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { type OperatorClient, operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { waitForEnding } from '../compose/until-signal.ts';
import { EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { showApproval } from './approvals-show.ts';
import { addServiceOptions } from './service-options.ts';
import {
  harmless,
  keyOf,
  marksOf,
  renderWatch,
  votesOf,
  type WatchLine,
  type WatchState,
  withLines,
} from './watch-screen.ts';

/** How often the list is asked for, ms. */
const LOOK_EVERY_MS = 1_000;

/** `writ approvals watch`: a live list with keys on a terminal, plain lines as they come elsewhere. */
export function watchCommand(): Command {
  const command = addServiceOptions(new Command('watch'))
    .description('Watch what waits for a person: a live list with keys on a terminal, plain lines elsewhere')
    .option('--once', 'show what waits now, and end')
    .addHelpText(
      'after',
      '\nKeys: up and down choose, a approves, d denies, s shows all of a call, q ends.\n\nExample:\n  npx writ approvals watch',
    );
  return withAction(
    command,
    async ({ output, format }: CommandContext, options: ServiceOptions & { once?: boolean }) => {
      const client = operatorClient(options);
      if (options.once === true) {
        const lines = await pendingOf(client);
        output.json({ pending: lines });
        for (const line of lines) output.line(plainLine('waits', line));
        return EXIT.ok;
      }
      const live = format === 'pretty' && process.stdin.isTTY === true && process.stdout.isTTY === true;
      if (live) await watchScreen(client, output);
      else await watchLines(client, output);
      return EXIT.ok;
    },
  );
}

async function pendingOf(client: OperatorClient): Promise<readonly WatchLine[]> {
  const { pending } = (await client.get('/v1/approvals/pending')) as { pending: WatchLine[] };
  return pending;
}

/** A line for scripts and logs, with all that the live list shows. */
export function plainLine(event: string, line: WatchLine): string {
  const { id, tool, type, actor, principal, reason } = line;
  const text = `${event}  ${id}  ${tool ?? type}${votesOf(line)}  ${actor} for ${principal}  ${reason ?? ''}${marksOf(line)}`;
  return harmless(text).trimEnd();
}

/** One line for each call that begins or ends to wait, until a signal. */
async function watchLines(client: OperatorClient, output: Output): Promise<void> {
  let known = new Map<string, WatchLine>();
  const look = async (): Promise<void> => {
    const lines = await pendingOf(client);
    const now = new Map(lines.map((line) => [line.id, line]));
    for (const line of lines) if (!known.has(line.id)) output.line(plainLine('waits', line));
    for (const line of known.values()) if (!now.has(line.id)) output.line(plainLine('ended', line));
    known = now;
  };
  const ending = waitForEnding();
  try {
    await repeat(look, ending.signal);
  } finally {
    ending.dispose();
  }
}

async function repeat(look: () => Promise<void>, until: Promise<unknown>): Promise<void> {
  let ended = false;
  let wake = (): void => {};
  void until.then(() => {
    ended = true;
    wake();
  });
  while (!ended) {
    await look();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_EVERY_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (ended) wake();
    });
  }
}

/** The live list. The terminal is put back as it was, however it ends. */
async function watchScreen(client: OperatorClient, output: Output): Promise<void> {
  let state: WatchState = { lines: [], chosen: 0, message: '' };
  const draw = (): void => {
    process.stdout.write(renderWatch(state, process.stdout.columns ?? 80, process.stdout.rows ?? 24));
  };
  const refresh = async (): Promise<void> => {
    const lines = await pendingOf(client);
    state = withLines(state, lines);
    draw();
  };
  const act = async (verb: 'approve' | 'deny'): Promise<void> => {
    const line = state.lines[state.chosen];
    if (line === undefined) return;
    const said = await client
      .post(`/v1/approvals/${encodeURIComponent(line.id)}/${verb}`, {})
      .then((answer) => `${line.id}: ${(answer as Approval).status}`)
      .catch((error: Error) => `${line.id}: ${error.message}`);
    state = { ...state, message: said };
    await refresh();
  };
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearInterval(timer);
      process.stdin.off('data', onData);
      process.stdin.setRawMode(false).pause();
      process.stdout.write('\u001b[?25h\u001b[?1049l');
      resolve();
    };
    const fail = (error: Error): void => {
      state = { ...state, message: error.message };
      draw();
    };
    const onData = (data: Buffer): void => {
      const key = keyOf(data.toString('latin1'));
      if (key === 'quit') finish();
      else if (key === 'up') state = { ...state, chosen: Math.max(0, state.chosen - 1) };
      else if (key === 'down')
        state = { ...state, chosen: Math.min(Math.max(0, state.lines.length - 1), state.chosen + 1) };
      else if (key === 'approve' || key === 'deny') void act(key).catch(fail);
      else if (key === 'show') void show().catch(fail);
      if (key === 'up' || key === 'down') draw();
    };
    const show = async (): Promise<void> => {
      const line = state.lines[state.chosen];
      if (line === undefined) return;
      const approval = (await client.get(`/v1/approvals/${encodeURIComponent(line.id)}`)) as Approval;
      process.stdout.write('\u001b[2J\u001b[H');
      showApproval(output, approval);
    };
    const timer = setInterval(() => void refresh().catch(fail), LOOK_EVERY_MS * 2);
    process.stdout.write('\u001b[?1049h\u001b[?25l');
    process.stdin.setRawMode(true).resume();
    process.stdin.on('data', onData);
    void refresh().catch(fail);
  });
}
