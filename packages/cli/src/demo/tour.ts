import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Decision, Outcome } from '@writ/decision';
import { APPROVAL_META_KEY } from '@writ/gateway';
import type { Output } from '../output/output.ts';
import { runWrit } from './run-writ.ts';
import type { Scratch } from './scratch.ts';
import { type Agent, type ChosenCall, reactingModel, textOf } from './scripted-agent.ts';
import { showCall } from './show.ts';
import { type Step, tourSteps } from './steps.ts';
import { copyAndAlter } from './tamper.ts';
import type { SeenDecision } from './watch-point.ts';

/** What the tour works with. */
export interface Stage {
  readonly output: Output;
  readonly agent: Agent;
  readonly scratch: Scratch;
  /** Takes the decisions that the gateway was told since the last time. */
  takeSeen(): readonly SeenDecision[];
  /** Ends the tour: nothing further is begun. */
  readonly signal: AbortSignal;
}

/** Shows every act; gives what was not as it should be. Rejects where `signal` ends it. */
export async function runTour(stage: Stage): Promise<readonly string[]> {
  const wrong: string[] = [];
  const act = async (title: string, run: () => Promise<readonly string[]>): Promise<void> => {
    stage.signal.throwIfAborted();
    stage.output.line(`\n  ${stage.output.style('cyan', title)}`);
    wrong.push(...(await run()).map((problem) => `${title}: ${problem}`));
  };
  const steps = tourSteps(stage.scratch.files);
  for (const [index, step] of steps.entries())
    await act(`${index + 1}. ${step.title}`, () => showStep(stage, step));
  await act(`${steps.length + 1}. escalate: paused until a person approves`, () => showEscalation(stage));
  await act(`${steps.length + 2}. a session's budget runs out`, () => showBudget(stage));
  await act('The record', () => showRecord(stage));
  return wrong;
}

async function showStep(stage: Stage, step: Step): Promise<readonly string[]> {
  const { output, agent, scratch } = stage;
  const wrong: string[] = [];
  const { replan } = step;
  const model = reactingModel(step.call, replan === undefined ? {} : { [replan.refusal]: replan.call });
  let calls = 0;
  await agent.run(model, (call, text) => {
    calls += 1;
    const seen = stage.takeSeen().at(-1);
    showCall(output, call, seen, scratch.files);
    if (seen?.decision.effect !== 'proceed')
      output.line(`    the model reads: ${output.style('dim', firstLine(text))}`);
    const expected = calls === 1 ? step.expect : { outcome: 'allow' as const, reason: replan?.reason ?? '' };
    wrong.push(...compare(seen?.decision, expected));
  });
  if (replan !== undefined && calls !== 2) wrong.push('the model did not replan');
  if (step.effect !== undefined) {
    const effect = step.effect();
    if (effect === undefined) wrong.push('the effect is not what it should be');
    else output.line(`    ${output.style('green', '✓')} ${effect}`);
  }
  return wrong;
}

function compare(decision: Decision | undefined, expected: { outcome: Outcome; reason: string }): string[] {
  if (decision === undefined) return ['nothing was decided'];
  if (decision.outcome === expected.outcome && decision.reason === expected.reason) return [];
  return [`expected ${expected.outcome} ${expected.reason}, got ${decision.outcome} ${decision.reason}`];
}

async function showEscalation(stage: Stage): Promise<readonly string[]> {
  const { output, agent, scratch } = stage;
  const file = join(scratch.files, 'published/post.txt');
  const call: ChosenCall = {
    tool: 'write_file',
    args: { path: file, content: 'The pilot is open to everyone.\n' },
  };
  const wrong: string[] = [];

  const paused = textOf(await agent.call(call));
  const asked = stage.takeSeen().at(-1);
  showCall(output, call, asked, scratch.files);
  output.line(`    the model reads: ${output.style('dim', firstLine(paused))}`);
  wrong.push(...compare(asked?.decision, { outcome: 'escalate', reason: 'publishing_needs_a_person' }));
  if (existsSync(file)) wrong.push('the file was written before anyone approved');
  else output.line(`    ${output.style('green', '✓')} published/post.txt does not exist`);
  const id = asked?.decision.approval?.id;
  if (id === undefined) return [...wrong, 'no approval was asked for'];

  output.line(`    a second process, with the operator's credential: writ approvals approve ${id}`);
  const approved = await runWrit(
    ['approvals', 'approve', id, '--data', scratch.data, '--comment', 'looks right'],
    stage.signal,
  );
  if (approved.status !== 0) return [...wrong, `approving failed: ${approved.output}`];

  await agent.call(call);
  const resumed = stage.takeSeen().at(-1);
  output.line('    the agent repeats the call:');
  showCall(output, call, resumed, scratch.files);
  wrong.push(...compare(resumed?.decision, { outcome: 'allow', reason: resumed?.decision.reason ?? '' }));
  if (existsSync(file)) output.line(`    ${output.style('green', '✓')} published/post.txt is there, once`);
  else wrong.push('the approved call had no effect');

  const replay: ChosenCall = { ...call, meta: { [APPROVAL_META_KEY]: id } };
  await agent.call(replay);
  const refused = stage.takeSeen().at(-1);
  output.line('    a replay of the same approval:');
  showCall(output, replay, refused, scratch.files);
  wrong.push(...compare(refused?.decision, { outcome: 'deny', reason: 'approval_used' }));
  return wrong;
}

const CALLS_MAX = 60;

async function showBudget(stage: Stage): Promise<readonly string[]> {
  const { output, agent, scratch } = stage;
  const call: ChosenCall = { tool: 'list_directory', args: { path: join(scratch.files, 'notes') } };
  for (let calls = 1; calls <= CALLS_MAX; calls++) {
    await agent.call(call);
    const seen = stage.takeSeen().at(-1);
    if (seen?.decision.effect === 'proceed') continue;
    output.line(`    ${calls - 1} more calls were allowed, then:`);
    showCall(output, call, seen, scratch.files);
    return compare(seen?.decision, { outcome: 'deny', reason: 'budget_exhausted' });
  }
  return [`${CALLS_MAX} calls were allowed`];
}

async function showRecord({ output, scratch, signal }: Stage): Promise<readonly string[]> {
  const seen = join(scratch.folder, 'seen');
  const verify = (data: string) => runWrit(['log', 'verify', '--data', data, '--seen', seen], signal);
  const good = await verify(scratch.data);
  output.line(`    writ log verify → status ${good.status}: ${lastLine(good.output)}`);
  signal.throwIfAborted();
  const copy = join(scratch.folder, 'altered-copy');
  copyAndAlter(scratch.data, copy, 'insufficient_scope');
  const bad = await verify(copy);
  output.line('    one byte of a copy altered:');
  output.line(`    writ log verify → status ${bad.status}: ${firstLine(bad.output)}`);
  return [
    ...(good.status === 0 ? [] : [`the record does not verify: ${good.output}`]),
    ...(bad.status !== 0 && /entry \d+/.test(bad.output) ? [] : ['the altered byte was not found']),
  ];
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return lines.find((line) => line.includes('verified')) ?? lines.at(-1) ?? '';
}
